"""Optimizers on a surface: the pure update rules themselves, without a network, each at the best rate of the same list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from whynet import registry
from whynet.experiment.statistics import settle
from whynet.experiment.tuning import RATES, TUNING_SEEDS
from whynet.optimizers.optimizer import Optimizer
from whynet.questions.surfaces import Surface
from whynet.spec import Spec

FLOOR = 1e-30  # what is lower counts as this: the logarithm of exactly zero is no number


@dataclass(frozen=True)
class Walk:
    """One optimizer on one surface from every start. ``points``: (T + 1, S, 2); ``values``: (T + 1, S), infinite once it diverged."""

    points: np.ndarray
    values: np.ndarray

    @property
    def final(self) -> np.ndarray:
        """log₁₀ f at the end, (S,), the mean over the last tenth of the steps: a swing that happens to cross the floor is not rest.

        Infinite where it diverged.
        """
        tail = max(1, len(self.values) // 10)
        return np.log10(np.maximum(self.values[-tail:], FLOOR)).mean(axis=0)


@dataclass(frozen=True)
class Race:
    """Every optimizer at its best rate, and what each rate of the list comes to on the same starts."""

    rates: Mapping[str, float]  # chosen on other starts
    walks: Mapping[str, Walk]
    by_rate: Mapping[str, Mapping[float, Walk]]

    @property
    def steps(self) -> pd.DataFrame:
        """Every step of the race: columns racer, start, step, x, y, f."""
        parts = []
        for name, one in self.walks.items():
            steps, starts = (index.ravel() for index in np.meshgrid(*map(np.arange, one.values.shape), indexing="ij"))
            columns = {"start": starts, "step": steps, "x": one.points[..., 0].ravel(), "y": one.points[..., 1].ravel()}
            parts.append(pd.DataFrame({"racer": name, **columns, "f": one.values.ravel()}))
        return pd.concat(parts, ignore_index=True)

    @property
    def ends(self) -> pd.DataFrame:
        """What every rate comes to: columns racer, rate, start, log10_f, drop, raced; ``drop`` is log₁₀ f at the start less that."""
        rows = [
            (name, rate, start, end, begin - end, rate == self.rates[name])
            for name, walks in self.by_rate.items()
            for rate, one in walks.items()
            for start, (begin, end) in enumerate(zip(np.log10(np.maximum(one.values[0], FLOOR)), one.final, strict=True))
        ]
        return pd.DataFrame(rows, columns=["racer", "rate", "start", "log10_f", "drop", "raced"])


def walk(rule: Optimizer, surface: Surface, starts: Tensor, steps: int) -> Walk:
    """w_{t+1} = rule(w_t, ∇f(w_t)), from all starts (S, 2) at once: the rules work element by element."""
    return walks(rule, (rule.lr,), surface, starts, steps)[rule.lr]


def walks(rule: Optimizer, rates: Sequence[float], surface: Surface, starts: Tensor, steps: int) -> dict[float, Walk]:
    """The walk at each of several learning rates, all at once: rates along the first axis, starts along the second."""
    hyper = {name: torch.tensor(value, dtype=torch.float64) for name, value in rule.hyper.items()}
    hyper["lr"] = torch.tensor(rates, dtype=torch.float64)[:, None, None]
    weights = starts.expand(len(rates), *starts.shape).clone()  # (R, S, 2)
    state = rule.start(weights)
    points, values = [weights], [surface(weights)]
    for step in range(1, steps + 1):
        here = weights.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(surface(here).sum(), here)  # a start's value depends on its own point alone
        weights, state = rule.update(here.detach(), gradient, state, hyper, torch.tensor(float(step), dtype=torch.float64))
        points.append(weights)
        values.append(surface(weights))
    paths, heights = torch.stack(points).numpy(), torch.stack(values).numpy()  # (T + 1, R, S, …)
    lost = np.logical_or.accumulate(~np.isfinite(heights))  # who has left the numbers does not come back
    heights = np.where(lost, np.inf, heights)
    return {rate: Walk(paths[:, i], heights[:, i]) for i, rate in enumerate(rates)}


def race(specs: Mapping[str, Spec], surface: Surface, seeds: Sequence[int], steps: int) -> Race:
    """Tune each optimizer's rate on starts of their own, lowest mean log₁₀ f, then race all from the starts of ``seeds``."""
    tuning = surface.starts(range(TUNING_SEEDS[0], TUNING_SEEDS[0] + 10))
    starts = surface.starts(tuple(seeds))
    many = len(tuning)
    rates: dict[str, float] = {}
    by_rate: dict[str, dict[float, Walk]] = {}
    for name, spec in specs.items():
        rule = cast(Optimizer, registry.make("optimizer", spec))
        every = walks(rule, RATES, surface, torch.cat([tuning, starts]), steps)  # tuned and raced in one go
        tuned = {str(rate): one.final[:many] for rate, one in every.items()}
        reached = settle(tuned, higher_is_better=False)
        rates[name] = min(RATES, key=lambda rate: float(np.mean(reached[str(rate)])))
        by_rate[name] = {rate: Walk(one.points[:, many:], one.values[:, many:]) for rate, one in every.items()}
    return Race(rates, {name: by_rate[name][rate] for name, rate in rates.items()}, by_rate)
