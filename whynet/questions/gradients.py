"""The gradient of every layer at the first step, before any weight has moved."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from whynet.engine.probes.gradient_norm import GradientNorm
from whynet.engine.train import Watching
from whynet.experiment.compare import Comparison

AT_START = Watching((GradientNorm(),), at=frozenset({1}), evaluations=10)


def at_start(comparison: Comparison) -> pd.DataFrame:
    """‖g‖ as columns level, seed, layer, norm; layers count from 1, the head is the last. Needs a comparison watched `AT_START`."""
    rows = []
    for level, arms in comparison.arms.items():
        for seed, one in zip(comparison.seeds, arms, strict=True):
            norms = one.history.probe("gradient_norm").iloc[0]
            rows += [(level, seed, i + 1, float(value)) for i, value in enumerate(norms)]
    return pd.DataFrame(rows, columns=["level", "seed", "layer", "norm"])


def shrinking(gradient: pd.DataFrame) -> pd.DataFrame:
    """Of each network: g of the first and last hidden layer, and the factor of one layer between, (g₁ / g_L)^(1 / (L - 1))."""
    rows = []
    for (level, seed), part in gradient.groupby(["level", "seed"], sort=False):
        norms = part["norm"].to_numpy(dtype=float)[:-1]  # without the head
        ratio = norms[0] / norms[-1] if norms[-1] > 0 else math.nan
        rows.append((level, seed, norms[0], norms[-1], ratio ** (1 / max(len(norms) - 1, 1))))
    return pd.DataFrame(rows, columns=["level", "seed", "first", "last", "factor"])


def left(table: pd.DataFrame) -> float:
    """g₁ / g_L, the geometric mean over the rows of `shrinking`; 0 where a gradient is exactly zero."""
    ratios = (table["first"] / table["last"]).to_numpy(dtype=float)
    return float(np.exp(np.mean(np.log(ratios)))) if (ratios > 0).all() else 0.0


def by_seed(gradient: pd.DataFrame, level: str) -> pd.DataFrame:
    """One level as a row for each seed and a column for each layer, for `figures.by_depth`."""
    return gradient[gradient["level"] == level].pivot_table(index="seed", columns="layer", values="norm", dropna=False)
