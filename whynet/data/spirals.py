"""Interleaved spirals."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from whynet.data.draws import Count, Draw, Noise, points
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.registry import Range
from whynet.rng import numpy_generator


@data_set(
    en="Arms of a spiral wound around each other: a boundary that takes a network with room to bend.",
    ko="서로 감긴 나선 팔. 경계를 여러 번 구부릴 수 있는 네트워크라야 나눈다.",
    task="classify",
    year=1988,
    source="Lang and Witbrock, Learning to tell two spirals apart, 1988",
)
def spirals(
    n: Count = 600,
    classes: Annotated[int, Range(least=2, most=100)] = 2,
    turns: Annotated[float, Range(above=0)] = 1.0,
    noise: Noise = 0.02,
    draw: Draw = 0,
) -> Source:
    """x: (n, 2) = r (cos φ, sin φ), φ = 2π (turns · r + k / classes) for class k and r between 0.05 and 1, plus noise."""
    rng = numpy_generator(draw, "sample", "spirals")
    labels = np.arange(n) % classes
    radius = np.sqrt(rng.uniform(0.05**2, 1, n))  # as dense outside as inside
    angle = 2 * np.pi * (turns * radius + labels / classes)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points(x + noise * rng.standard_normal((n, 2)), labels, tuple(f"arm {k}" for k in range(classes)))
