"""Taylor polynomials of a function of one number, and how their errors grow with the distance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]  # of one float64 number, differentiable
ROUNDING = 1e-14  # of the function's size: an error below it is that of the computer


def derivatives(function: Function, at: float, order: int) -> list[float]:
    """f(a), f'(a), … f⁽ⁿ⁾(a), by differentiating again and again; zero from where nothing is left to differentiate."""
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    value: Tensor = function(x)
    found: list[float] = []
    for n in range(order + 1):
        found.append(float(value.detach()))
        if n == order:
            break
        (slope,) = (
            torch.autograd.grad(value, x, create_graph=True, materialize_grads=True) if value.requires_grad else (value * 0,)
        )
        value = slope
    return found


def polynomial(coefficients: Sequence[float], step: np.ndarray, order: int) -> np.ndarray:
    """T_n(a + h) = Σ_k f⁽ᵏ⁾(a) hᵏ / k!, for every h."""
    return np.asarray(sum(coefficients[k] * step**k / math.factorial(k) for k in range(order + 1)) + 0 * step)


def errors(function: Function, at: float, steps: Sequence[float], order: int) -> np.ndarray:
    """|f(a + h) − T_n(a + h)|, (H, order + 1): a row for each h, a column for each n. NaN where it is only rounding."""
    step = np.asarray(steps, dtype=float)
    with torch.no_grad():
        true = np.array([float(function(torch.tensor(at + h, dtype=torch.float64))) for h in step])
    found = derivatives(function, at, order)
    off = np.stack([np.abs(true - polynomial(found, step, n)) for n in range(order + 1)], axis=1)
    return np.where(off > ROUNDING * max(np.abs(true).max(), abs(found[0])), off, np.nan)


def exponents(steps: Sequence[float], off: np.ndarray) -> np.ndarray:
    """p of error ∝ hᵖ for each order, the least-squares slope of log error over log h; NaN where fewer than three are known."""
    across, found = np.log(np.asarray(steps, dtype=float)), []
    for column in np.log(off).T:
        known = np.isfinite(column)
        found.append(np.polyfit(across[known], column[known], 1)[0] if known.sum() >= 3 else np.nan)
    return np.array(found)
