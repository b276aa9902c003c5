"""The learning rate of each level, tuned with the same small budget for all.

Two optimizers at one learning rate are not compared but handicapped: the best rate of Adam is often a hundredth of that of gradient
descent. So each level gets its best rate out of the same list, judged by the validation loss on seeds that the comparison itself does
not use (Schmidt, Schneider and Hennig, "Descending through a crowded valley", 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from whynet.engine.arm import prepare
from whynet.engine.plan import Workers
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.experiment.asked import Means
from whynet.experiment.factor import Level
from whynet.experiment.progress import Meter, Progress
from whynet.experiment.training import train_arms
from whynet.recipe import with_seed
from whynet.runs.underway import Underway
from whynet.text import Text

RATES = tuple(round(10 ** (exponent / 2), 6) for exponent in range(-8, 2))  # 1e-4, 3.16e-4, … 1, 3.16
TUNING_SEEDS = (1_000_003, 1_000_033)  # far from those of a comparison, which count from 0


@dataclass(frozen=True)
class Tuned:
    """One level's rate and what every rate came to."""

    level: str
    rate: float
    losses: dict[float, float]  # validation loss of each rate, mean over the tuning seeds

    @property
    def found(self) -> bool:
        """Whether training reached its end at any of the rates."""
        return bool(np.isfinite(self.losses[self.rate]))

    @property
    def at_edge(self) -> bool:
        """Whether the best rate is the first or last tried, so that a better one may lie outside."""
        return self.rate in (min(self.losses), max(self.losses))


def tune(
    levels: Sequence[Level],
    rates: Sequence[float] = RATES,
    listen: Callable[[Progress], None] | None = None,
    stack: bool = True,
    avoid: Sequence[int] = (),
    workers: Workers = "auto",
    tier: Tier = "auto",
    on: str | None = None,
    keep: Underway | None = None,
) -> tuple[list[Level], list[Tuned]]:
    """The levels at their best learning rates, and how they were found. ``avoid``: seeds that the comparison uses itself; ``keep``:
    the comparison that these trainings belong to, where it is written down.
    """
    seeds = tuning_seeds(avoid)
    arms = [
        prepare(with_seed(level.recipe.change(**{"optimizer.lr": rate}), seed), f"{level.name} lr={rate:g}")
        for level in levels
        for rate in rates
        for seed in seeds
    ]
    meter, means = Meter(arms, PHASE, listen), Means(stack, workers, tier, on)
    fitted, _ = train_arms("tuning", arms, Watching(evaluations=1, test=False), meter, means, keep)
    tuned, better = [], []
    for i, level in enumerate(levels):
        losses = {}
        for j, rate in enumerate(rates):
            start = (i * len(rates) + j) * len(TUNING_SEEDS)
            values = [
                _reached(one.history.final("validation", "loss"), one.outcome.status)
                for one in fitted[start : start + len(TUNING_SEEDS)]
            ]
            losses[rate] = float(np.mean(values))
        best = min(losses, key=lambda rate: losses[rate])
        tuned.append(Tuned(level.name, best, losses))
        better.append(Level(level.name, level.recipe.change(**{"optimizer.lr": best})))
    return better, tuned


def tuning_seeds(avoid: Sequence[int]) -> list[int]:
    """Seeds for tuning alone: rates chosen on the seeds that judge them would look better than they are."""
    spare = range(TUNING_SEEDS[-1] + 1, TUNING_SEEDS[-1] + 1 + len(TUNING_SEEDS) + len(avoid))
    return [seed for seed in (*TUNING_SEEDS, *spare) if seed not in avoid][: len(TUNING_SEEDS)]


def _reached(loss: float, status: str) -> float:
    return loss if np.isfinite(loss) and status != "diverged" else float("inf")


PHASE = Text("tuning the learning rate of each level", "수준마다 학습률(learning rate)을 조정하는 중")
