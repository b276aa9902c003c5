"""Round clouds of points."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from whynet.data.draws import Count, Draw, Noise, points
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.registry import Range
from whynet.rng import numpy_generator


@data_set(
    en="Round clouds, one a class, their centres on a circle or drawn in space: the problem that a linear model solves.",
    ko="클래스마다 둥근 점 구름 하나. 선형 모델로 풀리는 문제다.",
    task="classify",
    source="scikit-learn make_blobs",
)
def blobs(
    n: Count = 300,
    classes: Annotated[int, Range(least=2, most=1000)] = 3,
    features: Annotated[int, Range(least=2, most=10_000)] = 2,
    noise: Noise = 0.3,
    draw: Draw = 0,
) -> Source:
    """x: (n, features), normal around centres of length 1; in the plane they stand evenly on a circle."""
    rng = numpy_generator(draw, "sample", "blobs")
    if features == 2:
        angle = 2 * np.pi * np.arange(classes) / classes
        centres = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        centres = rng.standard_normal((classes, features))
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    labels = np.arange(n) % classes
    x = centres[labels] + noise * rng.standard_normal((n, features))
    return points(x, labels, tuple(f"blob {k}" for k in range(classes)))
