"""The examples on which arms are evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from whynet.data.dataset import Examples
from whynet.engine.arm import Arm
from whynet.engine.history import SplitName
from whynet.rng import generator

TRAIN_SAMPLE = 1024  # training examples evaluated beside the validation set, so that the two can be told apart cheaply


def gathered(arms: Sequence[Arm], split: SplitName) -> list[tuple[Tensor, Tensor]]:
    """Each arm's inputs and targets of one split; the same tensors for all arms that share a data set."""
    found: dict[int, tuple[Tensor, Tensor]] = {}
    for arm in arms:
        if id(arm.dataset) not in found:
            examples: Examples = getattr(arm.dataset, split)
            index = sampled(examples.index) if split == "train" else examples.index
            found[id(arm.dataset)] = examples.pool_x.index_select(0, index), examples.pool_y.index_select(0, index)
    return [found[id(arm.dataset)] for arm in arms]


def sampled(index: Tensor) -> Tensor:
    """Up to 1,024 training examples, (n,), in their order: the same ones every time, whatever the arm's seed.

    They are drawn at random, for the first of a set that is sorted by class are all of one class.
    """
    return index if len(index) <= TRAIN_SAMPLE else index[_chosen(len(index))]


@cache
def _chosen(n: int) -> Tensor:
    """Which of n training examples are evaluated, (1024,), ascending."""
    return torch.randperm(n, generator=generator(0, "sample", "train"))[:TRAIN_SAMPLE].sort().values
