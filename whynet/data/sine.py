"""A sine wave."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from whynet.data.draws import Count, Draw, Noise, curve
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.registry import Range
from whynet.rng import numpy_generator


@data_set(
    en="A noisy sine wave: the curve on which to watch a network approximate a function.",
    ko="잡음 섞인 사인 곡선. 네트워크가 함수를 어떻게 근사하는지 지켜보기 좋다.",
    task="regress",
)
def sine(n: Count = 200, waves: Annotated[float, Range(above=0)] = 1.0, noise: Noise = 0.1, draw: Draw = 0) -> Source:
    """y = sin(π · waves · x) + noise, x between -1 and 1: that many full waves."""
    rng = numpy_generator(draw, "sample", "sine")
    x = rng.uniform(-1, 1, n)
    return curve(x, np.sin(np.pi * waves * x) + noise * rng.standard_normal(n))
