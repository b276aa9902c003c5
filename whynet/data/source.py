"""What a data set is before it is split and scaled: raw examples, and what is known of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd
from torch import Tensor

from whynet.task import TaskKind
from whynet.text import Text

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True, eq=False)
class Encoded:
    """A table as numbers. ``x``: (N, D) float64; ``scalable``: (D,) bool, False for the 0/1 columns made from categories."""

    x: Tensor
    features: tuple[str, ...]
    scalable: Tensor
    notes: tuple[Text, ...] = ()


class Table(ABC):
    """Columns that become numbers only after the split, because filling gaps and knowing categories is learning, too."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def encode(self, train: Tensor) -> Encoded:
        """All rows as numbers, with medians and categories taken from the rows ``train`` (n,) alone."""


@dataclass(frozen=True, eq=False)
class Source:
    """Raw examples, as they were read or drawn.

    ``x``: (N, *inputs) float32, or a `Table`. ``y``: (N,) int64 labels, or (N, n) float32 values; where it ``asks`` for "segment",
    (N, H, W) int64, the class of each pixel or -1 where it is not judged; for "detect", (N, M, 5) float32 rows
    ``[class, x1, y1, x2, y2]``, corners in fractions of width and height, padded with rows of class -1. ``official`` holds the
    indices of the splits that the data set itself prescribes. ``whole``: too small to split, every set is the whole.
    """

    x: Tensor | Table
    y: Tensor
    classes: tuple[str, ...] = ()  # class names by label; empty for regression
    features: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    official: Mapping[SplitName, Tensor] = field(default_factory=dict)
    whole: bool = False
    name: str | None = None  # where it is not the registered one: a file's, a folder's
    notes: tuple[Text, ...] = ()
    frame: pd.DataFrame | None = None
    asks: TaskKind | None = None  # where the classes alone do not tell
    mirror: bool = False  # whether training pictures are joined by their mirrored copies

    @property
    def kind(self) -> TaskKind:
        """Labels are classified, values are regressed, unless the source says what it asks for."""
        return self.asks or ("classify" if self.classes else "regress")
