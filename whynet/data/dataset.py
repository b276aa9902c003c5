"""What every data set is, however it was made: a task and three sets of examples."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import torch
from torch import Tensor

from whynet.task import Task
from whynet.text import Text


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples picked out of a pool by index, so that splits, folds and seeds share one copy of the data.

    ``pool_x``: (N, *task.inputs) float32; ``pool_y``: (N,) int64 class labels, (N, n) float32 values, or
    classes of pixels or boxes as a `Source` holds them; ``index``: (n,) int64.
    """

    pool_x: Tensor
    pool_y: Tensor
    index: Tensor

    def __len__(self) -> int:
        return len(self.index)

    @property
    def x(self) -> Tensor:
        """The inputs, (n, *task.inputs), gathered."""
        return self.pool_x[self.index]

    @property
    def y(self) -> Tensor:
        """The targets of those examples, (n, …), gathered."""
        return self.pool_y[self.index]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A loaded data set. Everything fitted (standardisation, filling of gaps, categories) was fitted on ``train`` alone."""

    name: str
    task: Task
    train: Examples
    validation: Examples
    test: Examples
    notes: tuple[Text, ...] = ()  # what was done to the data on the way in, for the reader
    frame: pd.DataFrame | None = field(default=None, repr=False)  # the table as it was read, where it was one

    @property
    def device(self) -> torch.device:
        """Where the examples live."""
        return self.train.pool_x.device
