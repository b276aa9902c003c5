"""What a model's registration says of it beyond its code: how large the published one is, and recipes that are known to train it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Published:
    """A size that was published: with ``spec``, examples of shape ``inputs`` and ``outputs`` classes it has ``parameters`` weights."""

    spec: str
    inputs: tuple[int, ...]
    outputs: int
    parameters: int
    said: str  # where, and which variant


@dataclass(frozen=True)
class Training:
    """A recipe that trains a model well, in the notation of recipes. The first of a model runs on embedded data in seconds."""

    data: str
    model: str
    optimizer: str = "adam"
    loss: str | None = None  # the model's or the task's where it names none
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the recipe: epochs, batch_size, schedule, …
    reaches: float | None = (
        None  # the test metric it was measured to reach, mean of three seeds, rounded down; None: not measured
    )
