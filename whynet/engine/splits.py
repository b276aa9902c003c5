"""The examples on which arms are evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from whynet.data.dataset import Examples
from whynet.engine.arm import Arm
from whynet.engine.history import SplitName

TRAIN_SAMPLE = 1024  # training examples evaluated beside the validation set, so that the two can be told apart cheaply


def gathered(arms: Sequence[Arm], split: SplitName) -> list[tuple[Tensor, Tensor]]:
    """Each arm's inputs and targets of one split; the same tensors for all arms that share a data set."""
    found: dict[int, tuple[Tensor, Tensor]] = {}
    for arm in arms:
        if id(arm.dataset) not in found:
            examples: Examples = getattr(arm.dataset, split)
            index = examples.index[:TRAIN_SAMPLE] if split == "train" else examples.index
            found[id(arm.dataset)] = examples.pool_x.index_select(0, index), examples.pool_y.index_select(0, index)
    return [found[id(arm.dataset)] for arm in arms]
