"""A random sample of the training examples and of those it is judged by: the first ones may all be of one class."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.data.dataset import Examples
from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.rng import generator

MOST = 2000  # examples: a share of 0.5 of them has a standard error of 0.011


@remembered
def train_sample(seen: Examination) -> tuple[Tensor, Tensor]:
    """Inputs (N, *inputs) and targets of up to 2,000 training examples."""
    return _drawn(seen.fitted.dataset.train, "train")


@remembered
def test_sample(seen: Examination) -> tuple[Tensor, Tensor]:
    """Inputs and targets of up to 2,000 test examples."""
    return _drawn(seen.fitted.dataset.test, "test")


def _drawn(examples: Examples, name: str) -> tuple[Tensor, Tensor]:
    index = examples.index
    if len(index) > MOST:
        index = index[torch.randperm(len(index), generator=generator(0, "sample", "facts", name))[:MOST]]
    return examples.pool_x[index], examples.pool_y[index]
