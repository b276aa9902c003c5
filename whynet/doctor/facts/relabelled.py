"""Whether classes that are asked for and never trained on are among the training examples all the same, under other names."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from whynet.doctor.examination import Examination
from whynet.doctor.facts.sets import test_sample, train_sample
from whynet.doctor.remembered import remembered

SOME = 10  # examples on either side: a median of ten is within the middle half of the rest nine times of ten
NEAR = 2.0  # times the usual distance to the nearest training example: those of a class that was left out lie farther


@dataclass(frozen=True)
class Relabelled:
    """The share of the test examples whose class training does not know, and how far from training their inputs lie.

    distance: the median distance to the nearest training input, over that of the test examples whose class is known. Near 1, such
    inputs were trained on, and called something else.
    """

    share: float
    distance: float

    @property
    def there(self) -> bool:
        """Whether they were trained on under other names."""
        return self.distance < NEAR


@remembered
def relabelled(seen: Examination) -> Relabelled | None:
    """None where all classes were trained on, or too few examples tell."""
    if seen.fitted.dataset.task.kind != "classify":
        return None
    (x, _), (held_x, held_y) = train_sample(seen), test_sample(seen)
    lost = ~torch.isin(held_y, seen.fitted.dataset.train.y.unique())
    if int(lost.sum()) < SOME or int((~lost).sum()) < SOME:
        return None
    flat, held = x.flatten(1).double(), held_x.flatten(1).double()
    spread = flat.std(0, correction=0).clamp(min=1e-12)
    nearest = torch.cdist(held / spread, flat / spread).min(dim=1).values
    usual = float(nearest[~lost].median())
    return Relabelled(float(lost.double().mean()), float(nearest[lost].median()) / max(usual, 1e-12))
