"""The examination: what the recipe says, and what one probed training shows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from whynet.doctor.baseline import Baseline, errors, simple_baseline
from whynet.doctor.pace import FEW_TEST, LEAST, SPARE, TEST, Pace, follow_paced, smaller
from whynet.doctor.yardstick import Yardstick, yardstick
from whynet.engine.arm import prepare
from whynet.engine.events import Event
from whynet.engine.fit import Fitted, all_probes
from whynet.engine.train import Watching
from whynet.recipe import Recipe
from whynet.rng import generator

BEGINNING = 8  # steps, in which the largest update is looked for
SHARE = 0.2  # of the time for a diagnosis that the examination may take

ENOUGH = 100  # examples in which neighbours, trees and lines find what a dozen examples may hide
LOOKS, FEW_LOOKS = 20, 5  # at the sets while it trains; where a look takes long
NEARLY = 0.7  # of the steps: to cut the rest saves little time and hides the end
ROSE = 1.05  # times the loss at the start; less is noise


@dataclass(frozen=True)
class Examination:
    """One probed training of the recipe under its own seed, and what it is held against."""

    recipe: Recipe
    fitted: Fitted  # of fewer steps than the recipe asks for where the time did not allow them
    baseline: Baseline
    pace: Pace
    whole_steps: int  # of the recipe as it was given
    cut: bool = False  # whether the time did not allow the whole training on the whole data

    @property
    def steps(self) -> int:
        """Training steps that were to be taken."""
        return self.fitted.arm.total_steps

    @cached_property
    def yardstick(self) -> Yardstick:
        """By which examples the network is judged."""
        return yardstick(self.fitted.dataset)

    @property
    def chance(self) -> float:
        """The metric of ignoring the input."""
        return self.yardstick.chance

    @property
    def metric(self) -> float:
        """The metric on the test set (`Yardstick.split`); NaN where training diverged."""
        return self.yardstick.value(self.fitted)

    @cached_property
    def shortfall(self) -> float:
        """By how many standard errors the best simple model errs less than this network, on the same examples; paired.

        Two models that are equally good differ by more than 2 on one of forty test sets (McNemar 1947, for shares). Infinite where the
        examples are those of the training: there is no luck in which of them were drawn.
        """
        base = self.baseline
        if self.diverged or self.yardstick.split == "train":
            return math.inf if not self.metric >= base.metric else 0.0
        if base.asked is None or len(base.asked) < 2:
            return 0.0
        pool = self.fitted.dataset.test
        answers = self.fitted.predict(pool.pool_x[base.asked]).double().numpy()
        more = (
            errors(answers, pool.pool_y[base.asked].double().numpy(), self.yardstick.kind, self.yardstick.balanced)
            - base.errors
        )
        if not np.isfinite(more).all():
            return math.inf
        spread = float(more.std(ddof=1)) / math.sqrt(len(more))
        return float(more.mean()) / spread if spread > 0 else math.copysign(math.inf, more.mean()) if more.any() else 0.0

    @property
    def finds_nothing(self) -> bool:
        """Whether no simple model tells more of the targets than luck does, of data that would suffice to.

        Judged by the training examples, being few, simple models are held against nothing: a linear one cannot tell of XOR.
        """
        enough = len(self.fitted.dataset.train) >= ENOUGH
        return enough and self.baseline.metric - self.chance <= self.noise

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

    @property
    def rose(self) -> bool:
        """Whether the loss ended more than 5 % above where it began, on the batches seen and on the same examples at both ends.

        Batches differ: where hardly anything was learned, the last may cost more than the first by chance alone.
        """
        _, same = self.fitted.history.curve("train", "loss")  # of one sample of the training examples
        return self.end_loss > ROSE * self.start_loss and (len(same) < 2 or bool(same[-1] > ROSE * same[0]))

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

    @property
    def noise(self) -> float:
        """How far above chance an answer that knows nothing may come by luck; see `whynet.doctor.yardstick`."""
        return self.yardstick.noise

    def early(self, probe: str) -> dict[str, float]:
        """A probe by layer at the first step, when the network still is what its initialisation made it."""
        table = self.fitted.history.probe(probe)
        return {} if table.empty else {str(layer): float(v) for layer, v in table.iloc[0].items()}

    def greatest(self, probe: str) -> dict[str, float]:
        """A probe by layer, the largest over the first steps."""
        table = self.fitted.history.probe(probe)
        return {} if table.empty else {str(layer): float(v) for layer, v in table.head(BEGINNING).max().items()}

    def usual(self, probe: str) -> dict[str, float]:
        """A probe by layer, the median over the whole training."""
        table = self.fitted.history.probe(probe)
        return {} if table.empty else {str(layer): float(v) for layer, v in table.median().items()}

    @cached_property
    def outputs(self) -> Tensor:
        """What the untrained network puts out for up to 256 training examples, (N, units)."""
        network = self.fitted.arm.network
        network.eval()
        with torch.no_grad():
            return network(network.initial, dict(network.buffers), self.inputs[:256])

    @cached_property
    def inputs(self) -> Tensor:
        """Up to 2,048 training inputs in random order, (N, *inputs): the first of data sorted by class are all of one."""
        train_set = self.fitted.dataset.train
        order = torch.randperm(len(train_set), generator=generator(0, "sample", "inputs"))
        return train_set.pool_x[train_set.index[order[:2048]]]


def examine(
    recipe: Recipe,
    listen: Callable[[Event], None] | None = None,
    budget: float | None = None,
    known: Baseline | None = None,
) -> Examination:
    """Train the recipe once with every probe, and fit the simple models it is held against.

    budget: seconds of the whole diagnosis. Where the training would take more than its share of them, it is cut, on no more of the
    data than it can see; the examination then says so (`Examination.cut`).
    """
    arm = prepare(recipe, "original")
    whole, limit = arm.total_steps, None if budget is None else SHARE * budget
    outcome, pace = follow_paced(arm, Watching(all_probes(), evaluations=LOOKS), listen, limit)
    ended = outcome is not None and outcome.status == "diverged"  # so early that nobody waited for the rest, which others take
    cut = outcome is None or (ended and limit is not None and pace.seconds(whole, 20) > limit)
    if cut:
        looks, test = (LOOKS, TEST) if LOOKS * pace.evaluation <= SPARE * (limit or 0.0) else (FEW_LOOKS, FEW_TEST)
        time_ = max(SPARE * (limit or 0.0), (1 - SPARE) * (limit or 0.0) - pace.judging(looks, test))
        steps = min(whole, max(LEAST, int(time_ / pace.step)))
        if steps >= NEARLY * whole:  # then the whole, which shows how training ends
            cut = False
        else:
            arm = prepare(smaller(recipe, steps, arm.batch_size, test).change(steps=steps), "original")
        outcome, pace = follow_paced(arm, Watching(all_probes(), evaluations=looks), listen, None)
    assert outcome is not None  # without a limit a training reaches its end
    stick = yardstick(arm.dataset)
    baseline = simple_baseline(arm.dataset, stick.split, known, stick.balanced)
    return Examination(recipe, Fitted(arm, outcome), baseline, pace, whole, cut)
