"""The examination: what the recipe says, and what one probed training shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from whynet.doctor.baseline import Baseline, simple_baseline
from whynet.engine.arm import prepare
from whynet.engine.events import Event
from whynet.engine.fit import Fitted, all_probes, follow
from whynet.engine.train import Watching, train
from whynet.recipe import Recipe

EARLY = 8  # the first measured steps, in which the network still is what its initialisation made it


@dataclass(frozen=True)
class Examination:
    """One probed training of the recipe under its own seed, and what it is held against."""

    recipe: Recipe
    fitted: Fitted
    baseline: Baseline

    @property
    def chance(self) -> float:
        """The metric of ignoring the input."""
        return self.fitted.dataset.task.chance

    @property
    def metric(self) -> float:
        """The metric on the test set; NaN where training diverged."""
        return float("nan") if self.diverged else self.fitted.score("test")

    @property
    def diverged(self) -> bool:
        """Whether the loss stopped being a number."""
        return self.fitted.outcome.status == "diverged"

    @cached_property
    def losses(self) -> np.ndarray:
        """The training loss of every step, (T,)."""
        return np.array(self.fitted.history.loss)

    @property
    def start_loss(self) -> float:
        """The loss before training."""
        return float(self.losses[0])

    @property
    def end_loss(self) -> float:
        """The loss over the last tenth of the steps, median."""
        return float(np.median(self.losses[-max(1, len(self.losses) // 10) :]))

    @cached_property
    def end_slope(self) -> tuple[float, float]:
        """Change of the loss over the last third of training as a share of its level, and the noise of that estimate (1 s.e.).

        A least-squares line through the means of up to 20 stretches of equal length.
        """
        tail = self.losses[-max(4, len(self.losses) // 3) :]
        if len(tail) < 4 or not np.isfinite(tail).all():
            return 0.0, float("inf")
        means = np.array([part.mean() for part in np.array_split(tail, min(20, len(tail)))])
        x = np.linspace(0, 1, len(means))
        line, covariance = (
            np.polyfit(x, means, 1, cov=True) if len(means) > 4 else (np.polyfit(x, means, 1), np.full((2, 2), np.nan))
        )
        level = max(abs(float(means.mean())), 1e-12)
        return float(line[0]) / level, float(np.sqrt(covariance[0, 0])) / level

    def early(self, probe: str) -> dict[str, float]:
        """A probe by layer, the median over the first measured steps."""
        table = self.fitted.history.probe(probe)
        return {} if table.empty else {str(layer): float(v) for layer, v in table.head(EARLY).median().items()}

    def later(self, probe: str) -> dict[str, float]:
        """A probe by layer, the median over the second half of the measured steps."""
        table = self.fitted.history.probe(probe)
        return {} if table.empty else {str(layer): float(v) for layer, v in table.iloc[len(table) // 2 :].median().items()}

    @cached_property
    def outputs(self) -> Tensor:
        """What the untrained network puts out for up to 256 training examples, (N, units)."""
        network = self.fitted.arm.network
        network.eval()
        with torch.no_grad():
            return network(network.initial, dict(network.buffers), self.inputs[:256])

    @cached_property
    def inputs(self) -> Tensor:
        """Up to 2,048 training inputs, (N, *inputs)."""
        train_set = self.fitted.dataset.train
        return train_set.pool_x[train_set.index[:2048]]


def examine(recipe: Recipe, listen: Callable[[Event], None] | None = None) -> Examination:
    """Train the recipe once with every probe, and fit the simple models it is held against."""
    arm = prepare(recipe, "original")
    [outcome] = follow(train([arm], Watching(all_probes(), evaluations=20)), listen)
    return Examination(recipe, Fitted(arm, outcome), simple_baseline(arm.dataset))
