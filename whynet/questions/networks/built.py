"""A network of one hidden layer put together by hand: as many straight pieces as it has units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from whynet.questions.networks.shapes import Wave
from whynet.registry import make
from whynet.spec import Spec

LOW, HIGH = -1.0, 1.0  # where the function is to be met
GRID = 20_001  # places at which the error is looked for


def built(wave: Wave, units: int) -> nn.Module:
    """An mlp with ``units`` ReLUs that meets the function at units + 1 evenly spaced knots and is straight between them.

    f(x) = f(t₀) + Σ_k (s_k − s_{k−1}) · max(0, x − t_k), s_k the slope from knot k to the next, s_{−1} = 0.
    """
    knots = torch.linspace(LOW, HIGH, units + 1, dtype=torch.float64)  # (N + 1,)
    values = wave(knots)
    slopes = values.diff() / knots.diff()  # (N,)
    module: nn.Module = make("model", Spec("mlp", {"widths": [units]}), inputs=(1,), outputs=1)
    first, head = (part.double() for part in module.modules() if isinstance(part, nn.Linear))
    with torch.no_grad():
        first.weight.fill_(1.0)
        first.bias.copy_(-knots[:-1])
        head.weight.copy_(torch.cat([slopes[:1], slopes.diff()])[None])
        head.bias.copy_(values[:1])
    return module


def errors_of(wave: Wave, counts: tuple[int, ...]) -> pd.DataFrame:
    """Columns units, worst, bound, left: max |f − g|, h² max|f″| / 8 with h = 2 / N, and the share of the variance left."""
    x = torch.linspace(LOW, HIGH, GRID, dtype=torch.float64)
    truth = wave(x)
    rows = []
    for units in counts:
        gap = answers(built(wave, units), x) - truth
        bound = ((HIGH - LOW) / units) ** 2 * wave.bend / 8
        rows.append((units, float(gap.abs().max()), bound, float((gap**2).mean() / truth.var(correction=0))))
    return pd.DataFrame(rows, columns=["units", "worst", "bound", "left"])


def answers(module: nn.Module, x: Tensor) -> Tensor:
    """f(x) at many places, (n,) → (n,), in double precision."""
    with torch.no_grad():
        return module.double()(x.double()[:, None])[:, 0]


def rate(table: pd.DataFrame) -> float:
    """The power of N with which the worst error falls between the two widest: narrow ones skip whole waves, and follow no "
    "rate."""
    (few, many), (before, after) = np.log(table["units"].iloc[-2:]), np.log(table["worst"].iloc[-2:])
    return float((after - before) / (many - few))
