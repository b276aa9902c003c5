"""XOR as four clouds of points."""

from __future__ import annotations

import numpy as np

from whynet.data.draws import Count, Draw, Noise, points
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.rng import numpy_generator


@data_set(
    en="Four clouds at the corners of a square, opposite corners alike: no straight line tells them apart.",
    ko="정사각형 네 꼭짓점에 놓인 점 구름. 마주 보는 꼭짓점끼리 같은 클래스라 직선 하나로는 나눌 수 없다.",
    task="classify",
    year=1969,
    source="Minsky and Papert, Perceptrons, 1969",
)
def xor(n: Count = 400, noise: Noise = 0.35, draw: Draw = 0) -> Source:
    """x: (n, 2) around (±1, ±1), label 1 where the signs of the centre differ."""
    rng = numpy_generator(draw, "sample", "xor")
    corner = np.arange(n) % 4  # as many points at every corner
    signs = np.stack([corner // 2, corner % 2], axis=1)  # (n, 2) in {0, 1}
    x = 2.0 * signs - 1 + noise * rng.standard_normal((n, 2))
    return points(x, signs[:, 0] ^ signs[:, 1], ("same", "different"))
