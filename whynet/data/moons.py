"""Two half-moons."""

from __future__ import annotations

import numpy as np

from whynet.data.draws import Count, Draw, Noise, points
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.rng import numpy_generator


@data_set(
    en="Two half-moons reaching into each other: a curved boundary, with noise an overlapping one.",
    ko="서로 맞물린 반달 두 개. 경계가 휘어 있고 잡음이 크면 겹친다.",
    task="classify",
    source="scikit-learn make_moons",
)
def moons(n: Count = 400, noise: Noise = 0.1, draw: Draw = 0) -> Source:
    """x: (n, 2); upper (cos φ, sin φ), lower (1 - cos φ, 1/2 - sin φ), φ between 0 and π, plus noise."""
    rng = numpy_generator(draw, "sample", "moons")
    labels = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    x = np.where(labels[:, None] == 0, upper, lower)
    return points(x + noise * rng.standard_normal((n, 2)), labels, ("upper", "lower"))
