"""Linear regressions worked out from probabilities alone, without a loss: the most likely weights, and those a prior expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy import optimize
from torch import Tensor
from torch.distributions import Normal

from whynet.data import Dataset, from_tensors
from whynet.rng import numpy_generator

TRAIN, TEST, FEATURES = 500, 1_000, 10  # of the drawn regressions
Noise = Literal["normal", "laplace"]


def most_likely(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """argmax Σ log N(y; x w + b, σ²) over w, b and σ: the weights (D + 1,), bias last, and σ. x: (N, D), y: (N,)."""
    inputs, targets = torch.from_numpy(_with_one(x)), torch.from_numpy(np.asarray(y, dtype=float))

    def minus_log_likelihood(values: np.ndarray) -> tuple[float, np.ndarray]:
        free = torch.from_numpy(values).requires_grad_()
        total = -Normal(inputs @ free[:-1], free[-1].exp()).log_prob(targets).mean()
        (gradient,) = torch.autograd.grad(total, free)
        return float(total.detach()), gradient.numpy()

    found = optimize.minimize(
        minus_log_likelihood, np.zeros(inputs.shape[1] + 1), jac=True, method="BFGS", options={"gtol": 1e-7}
    )
    return found.x[:-1], float(np.exp(found.x[-1]))


def expected(x: np.ndarray, y: np.ndarray, noise: float, spread: float) -> np.ndarray:
    """E[w | data] for y = x w + b + N(0, noise²) and the prior w, b ~ N(0, spread²): the posterior mean, (D + 1,), bias last."""
    inputs = _with_one(x)
    precision = inputs.T @ inputs / noise**2 + np.eye(inputs.shape[1]) / spread**2
    return np.asarray(np.linalg.solve(precision, inputs.T @ y / noise**2))


@dataclass(frozen=True)
class Drawn:
    """y = x·w + noise of variance 1 on 500 examples, and the truth without noise to be tested on."""

    noise: Noise

    @property
    def name(self) -> str:
        """How recipes call it."""
        return f"{self.noise} noise"

    def __call__(self, seed: int) -> Dataset:
        """Another sample, with other true weights, for every seed; both kinds of noise lie around the same truth."""
        rng = numpy_generator(seed, "sample", "regression")
        w = rng.standard_normal(FEATURES) / np.sqrt(FEATURES)
        x = rng.standard_normal((TRAIN + TEST, FEATURES))
        draw = numpy_generator(seed, "noise", self.noise)
        noise = draw.standard_normal(TRAIN) if self.noise == "normal" else draw.laplace(scale=np.sqrt(0.5), size=TRAIN)
        y = x @ w
        return from_tensors(
            _single(x[:TRAIN]), _single(y[:TRAIN] + noise), test_x=_single(x[TRAIN:]), test_y=_single(y[TRAIN:]),
            task="regress", name=self.name, seed=seed,
        )  # fmt: skip


def _with_one(x: np.ndarray) -> np.ndarray:
    return np.concatenate([np.asarray(x, dtype=float), np.ones((len(x), 1))], axis=1)


def _single(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values).float()
