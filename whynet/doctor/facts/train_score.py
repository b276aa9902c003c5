"""How the trained network answers the examples it has seen."""

from __future__ import annotations

import torch

from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.engine.metrics import score
from whynet.engine.network import clone
from whynet.rng import generator

MOST = 1024  # drawn at random: the first may all be of one class


@remembered
def train_score(seen: Examination) -> float:
    """The metric of the trained network on up to 1,024 training examples; NaN where its weights are no numbers."""
    arm, outcome = seen.fitted.arm, seen.fitted.outcome
    if not bool(outcome.weights.isfinite().all()):
        return float("nan")
    train = arm.dataset.train
    index = train.index[torch.randperm(len(train), generator=generator(0, "sample"))[:MOST]]
    arm.network.eval()
    with torch.no_grad():
        outputs = arm.network(outcome.weights, clone(outcome.buffers), train.pool_x[index])
    return score(outputs, train.pool_y[index], arm.loss, arm.dataset.task)[1]
