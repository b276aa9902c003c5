"""A sample of the examples that were trained on, with their answers."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.rng import generator

MOST = 256  # examples: a share of them is known to within 0.03, a mean to within 6 % of its spread


@remembered
def sample(seen: Examination) -> tuple[Tensor, Tensor]:
    """Up to 256 training examples drawn at random, (N, *inputs), and their answers: the first may all be of one class."""
    train = seen.fitted.dataset.train
    order = torch.randperm(len(train), generator=generator(0, "sample"))[:MOST]
    index = train.index[order]
    return train.pool_x[index], train.pool_y[index]
