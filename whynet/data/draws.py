"""What the generators of artificial data share: their options and how examples become a `Source`."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import torch

from whynet.data.source import Source
from whynet.registry import Range

Count = Annotated[int, Range(least=2, most=10_000_000)]  # examples
Noise = Annotated[float, Range(least=0)]  # standard deviation of what is added
Draw = Annotated[int, Range(least=0)]  # another number, another sample; the seed of a run changes the split only


def points(x: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Source:
    """Labelled points (N, D)."""
    features = tuple(f"x{i + 1}" for i in range(x.shape[1]))
    return Source(
        torch.from_numpy(x).float(), torch.from_numpy(labels).long(), classes=classes, features=features, targets=("class",)
    )


def curve(x: np.ndarray, y: np.ndarray) -> Source:
    """A function of one number: x (N,), y (N,)."""
    return Source(
        torch.from_numpy(x).float().unsqueeze(1), torch.from_numpy(y).float().unsqueeze(1), features=("x",), targets=("y",)
    )
