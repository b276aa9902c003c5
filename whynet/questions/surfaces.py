"""Functions of two variables on which optimizers can be watched, each with its lowest point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from whynet.rng import numpy_generator
from whynet.text import Text

WAVES = 2.0  # how high the waves stand above the bowl that carries them
NARROW = 100.0  # how many times steeper the valley is across than along


@dataclass(frozen=True)
class Surface:
    """f(x, y) with its minimum f = 0, and the box in which a descent starts."""

    name: Text
    formula: str
    of: Callable[[Tensor, Tensor], Tensor]
    minimum: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]

    def __call__(self, points: Tensor) -> Tensor:
        """Values (…,) at points (…, 2)."""
        return self.of(points[..., 0], points[..., 1])

    def starts(self, seeds: Sequence[int]) -> Tensor:
        """One start for each seed, even in the box, (S, 2) float64; every optimizer starts there."""
        drawn = [numpy_generator(seed, "sample", "start").uniform(self.low, self.high) for seed in seeds]
        return torch.from_numpy(np.array(drawn))


SURFACES = {
    "valley": Surface(
        Text("the narrow valley", "좁은 골짜기"),
        f"f(x, y) = (x² + {NARROW:g} y²) / 2",
        lambda x, y: (x**2 + NARROW * y**2) / 2,
        (0.0, 0.0),
        (-4.0, -2.0),
        (4.0, 2.0),
    ),
    "rosenbrock": Surface(  # Rosenbrock, An automatic method for finding the greatest or least value of a function (1960)
        Text("Rosenbrock's curved valley", "로젠브록(Rosenbrock)의 굽은 골짜기"),
        "f(x, y) = (1 − x)² + 100 (y − x²)²",
        lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        (1.0, 1.0),
        (-2.0, -1.0),
        (2.0, 3.0),
    ),
    "beale": Surface(  # Beale, On an iterative method for finding a local minimum (1958)
        Text("Beale's plateau with steep corners", "가장자리가 가파른 빌(Beale)의 평원"),
        "f(x, y) = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
        lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
        (3.0, 0.5),
        (-4.0, -4.0),
        (4.0, 4.0),
    ),
    "saddle": Surface(
        Text("the saddle between two hollows", "두 웅덩이 사이의 안장점(saddle point)"),
        "f(x, y) = (x² − 1)² / 4 + y² / 2",
        lambda x, y: (x**2 - 1) ** 2 / 4 + y**2 / 2,
        (1.0, 0.0),
        (-0.01, -2.0),  # all starts lie beside the ridge, from where the slope leads to the saddle first
        (0.01, 2.0),
    ),
    "waves": Surface(  # after Rastrigin, Systems of extremal control (1974), with waves that a descent can cross
        Text("the bowl full of waves", "물결치는 그릇"),
        f"f(x, y) = x² + y² + {WAVES:g} (2 − cos 2πx − cos 2πy)",
        lambda x, y: x**2 + y**2 + WAVES * (2 - torch.cos(2 * torch.pi * x) - torch.cos(2 * torch.pi * y)),
        (0.0, 0.0),
        (-4.0, -4.0),
        (4.0, 4.0),
    ),
}
