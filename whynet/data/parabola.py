"""A parabola."""

from __future__ import annotations

from whynet.data.draws import Count, Draw, Noise, curve
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.errors import OptionError
from whynet.rng import numpy_generator
from whynet.text import Text


@data_set(
    en="A noisy parabola: the simplest curve that no straight line fits; widen it to see unscaled targets break training.",
    ko="잡음 섞인 포물선. 직선으로 맞출 수 없는 가장 간단한 곡선이다. 범위를 넓히면 스케일이 왜 중요한지 드러난다.",
    task="regress",
)
def parabola(
    n: Count = 200,
    low: float = -1.0,
    high: float = 1.0,
    curvature: float = 1.0,
    offset: float = 0.0,
    noise: Noise = 0.05,
    draw: Draw = 0,
) -> Source:
    """y = curvature · x² + offset + noise, x between low and high."""
    if not low < high:
        raise OptionError(_EMPTY, low=low, high=high)
    rng = numpy_generator(draw, "sample", "parabola")
    x = rng.uniform(low, high, n)
    return curve(x, curvature * x**2 + offset + noise * rng.standard_normal(n))


_EMPTY = Text(
    "parabola: low must be below high. Received: low={low:g}, high={high:g}",
    "parabola: low는 high보다 작아야 한다. 받은 것: low={low:g}, high={high:g}",
)
