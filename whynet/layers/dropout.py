"""Dropout: train a network that cannot rely on any single unit."""

from __future__ import annotations

from typing import Annotated

from torch import nn

from whynet.registry import Range, register

Shape = tuple[int, ...]


@register(
    "layer",
    example="dropout(0.5)",
    year=2014,
    source="Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout",
    en="Silences each unit with probability p in training, and scales the others up by 1/(1 - p).",
    ko="학습할 때 유닛마다 확률 p로 끄고, 남은 것은 1/(1 - p)배로 키운다.",
)
def dropout(inputs: Shape, p: Annotated[float, Range(least=0, below=1)] = 0.5) -> nn.Module:
    """x · m / (1 - p), m drawn anew each time, 0 with probability p; the identity in evaluation. Shapes are kept."""
    return nn.Dropout(p)
