"""The same trained weights judged with the statistics of the batch, and with the running averages that are used afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn.modules.batchnorm import _NormBase

from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.engine.metrics import score
from whynet.engine.network import clone
from whynet.rng import generator

MOST = 1024


@dataclass(frozen=True)
class Modes:
    """The task's metric on the same training examples."""

    batch: float  # batch norm by the batch, as in training
    running: float  # by its running averages, as in use
    noise: float  # three standard errors of a metric on so many examples


@remembered
def modes(seen: Examination) -> Modes | None:
    """None for a network without batch norm or without finite weights. Costs two forward passes over 1,024 examples."""
    arm, outcome = seen.fitted.arm, seen.fitted.outcome
    norms = [child for child in arm.network.module.modules() if isinstance(child, _NormBase) and child.track_running_stats]
    if not norms or not bool(outcome.weights.isfinite().all()):
        return None
    train, task = arm.dataset.train, arm.dataset.task
    order = torch.randperm(len(train), generator=generator(0, "sample"))[:MOST]
    index = train.index[order]
    parts = [part for part in index.split(max(2, arm.batch_size)) if len(part) > 1]
    y = train.pool_y[torch.cat(parts)]

    def judged(by_batch: bool) -> float:
        arm.network.eval()
        for norm in norms:
            norm.train(by_batch)
        with torch.no_grad():
            made = [arm.network(outcome.weights, clone(outcome.buffers), train.pool_x[part]) for part in parts]
        arm.network.eval()
        return score(torch.cat(made), y, arm.loss, task)[1]

    share = 3 * math.sqrt(0.25 / len(y)) if task.kind != "regress" else 9 / len(y)
    return Modes(judged(by_batch=True), judged(by_batch=False), share)
