"""Whether steps were seen to go too far: the loss of the same examples climbs, where steps that fit can only bring it down."""

from __future__ import annotations

import numpy as np
import torch

from whynet.doctor.examination import Examination
from whynet.doctor.facts.sample import sample
from whynet.doctor.facts.targets import classifies
from whynet.doctor.remembered import remembered

PEAK = 2.0  # times the loss at the start: more than batches differ
CLIMB = 0.1  # of the loss, from one look at the same examples to the next
OFTEN = 0.25  # of the looks
LOOKS = 6  # in the second half of training, below which a share of them says little
NEARLY = 0.01  # of the loss of a constant answer: a loss as small may jump, and nobody is the worse for it


@remembered
def peak(seen: Examination) -> float:
    """The highest finite loss on the way over the loss at the start."""
    losses = seen.losses[np.isfinite(seen.losses)]
    return float(losses.max() / seen.start_loss) if len(losses) and seen.start_loss > 0 else 0.0


@remembered
def overshot(seen: Examination) -> bool:
    """Whether the loss climbed on its way: to twice the loss at the start, or ending above it."""
    return peak(seen) > PEAK or (not seen.diverged and seen.rose)


@remembered
def restless(seen: Examination) -> tuple[int, int] | None:
    """Of the looks at the same training examples in the second half of training, how many found a loss 10 % above the one before.

    As the network answers in use, without dropout: the loss of all examples under steps that fit falls, or rests at the floor that batches
    set (LeCun et al. 1998, section 4.7). None where too few looks were taken, or where hardly any loss is left.
    """
    _, losses = seen.fitted.history.curve("train", "loss")
    late = np.asarray(losses, float)[len(losses) // 2 :]
    if len(late) <= LOOKS or not np.isfinite(late).all() or float(np.median(late)) < NEARLY * _idle(seen):
        return None
    return int((late[1:] > (1 + CLIMB) * late[:-1]).sum()), len(late) - 1


def _idle(seen: Examination) -> float:
    """The loss of an answer that ignores the input: of equal scores for classes, of the mean for values; for boxes that of the start."""
    _, y = sample(seen)
    if classifies(seen) or not y.is_floating_point() or seen.fitted.dataset.task.kind == "detect":
        return seen.start_loss
    with torch.no_grad():
        return float(seen.fitted.loss(y.mean(0, keepdim=True).expand_as(y).reshape(-1, *seen.outputs.shape[1:]), y))
