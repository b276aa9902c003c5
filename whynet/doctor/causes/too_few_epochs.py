"""Training ended while the network was still learning."""

from __future__ import annotations

import numpy as np

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain

STEADY = 0.5  # of the fall over the third before
FALLING, FLAT = 0.1, 0.02  # of the loss, over the last third of training
OWN_LENGTH = 1.0  # of the weights, by all updates together: before, a loss that stands still may not have set off
SHORT_WAY = 0.1  # length of all updates together over the length of the weights
MOST, AFFORDABLE = 5000, 20.0  # steps and seconds of a training that is tried though it is a hundred times as long
SHORT_STEP = 1e-4  # length of one update over the length of the weights


@register(
    "cause",
    year=2012,
    source="Bengio, Practical recommendations for gradient-based training (2012)",
    en="Training ended while the loss was still falling.",
    ko="손실이 아직 줄어드는 동안 학습이 끝났다.",
)
class TooFewEpochs(Cause):
    """The loss still falls when training ends, or so few steps were taken that the weights had no chance to change.

    Falling: by more than a tenth over the last third of training, by three times the noise of that slope, and at least half as steeply
    as over the third before: training that levels off would not get much further. A loss that changes by less than 2 % there has
    settled, which speaks against, unless all updates together are shorter than the weights, so that it may not have set off. Few steps:
    with updates of ‖Δw‖ / ‖w‖ ≈ 10⁻³, as usual (Karpathy 2015), fewer than a hundred move the weights by less than a tenth of their
    length. Tried are three and ten times as many, to say how many are enough; a hundred times, where it takes no time, if ten
    times as many still would not move the weights by their own length. Where the single step is short already (below 10⁻⁴) it
    is the rate that is too low, not the steps that are too few.
    """

    name = "too-few-epochs"
    title = Text("too few epochs", "부족한 에폭(epoch)")
    explanation = Text(
        "The network is on its way and simply was not given the time.",
        "네트워크는 제대로 가고 있지만 시간이 모자랐다.",
    )

    place = "time"

    def look(self, seen: Examination) -> Suspicion:
        if seen.diverged or seen.cut:  # a training that was cut says nothing of its end
            return Suspicion(self, [], 0.0)
        step = _step(seen)
        way = step * seen.steps
        short = step >= SHORT_STEP and way < SHORT_WAY
        slope, noise = seen.end_slope
        falling = slope < -FALLING and -slope > 3 * noise and _steady(seen.losses) and step >= SHORT_STEP
        settled = abs(slope) < FLAT and not way < OWN_LENGTH
        evidence = [Evidence(_SLOPE, plain(f"{slope:+.0%}"), _FLAT, "for" if falling else "against" if settled else "neither")]
        if np.isfinite(way):
            evidence.append(Evidence(_WAY, plain(f"{way:.1g}"), _TENTH, "for" if short else "neither"))
        return Suspicion(self, evidence, 0.6 if falling or short else 0.1)

    def remedies(self, seen: Examination) -> list[Remedy]:
        def longer(recipe: Recipe, times: int) -> Recipe | None:
            if recipe.steps is not None:
                return recipe.change(steps=recipe.steps * times)
            return recipe.change(epochs=recipe.epochs * times)

        names = {
            3: Text("three times the epochs", "에폭을 세 배로"),
            10: Text("ten times the epochs", "에폭을 열 배로"),
            100: Text("a hundred times the epochs", "에폭을 백 배로"),
        }
        times = [3]
        if self.look(seen).speaks == "for":
            far = (
                10 * _step(seen) * seen.steps < OWN_LENGTH
                and 100 * seen.steps <= MOST
                and 100 * seen.steps * seen.pace.step < AFFORDABLE
            )
            times = [3, 10, 100] if far else [3, 10]
        return [Remedy(names[n], lambda r, n=n: longer(r, n)) for n in times]  # type: ignore[misc]


def _step(seen: Examination) -> float:
    """The usual length of an update over that of its weights, of the layer that moves most."""
    return max((v for v in seen.usual("update_ratio").values() if np.isfinite(v)), default=float("nan"))


def _steady(losses: np.ndarray) -> bool:
    """Whether the loss fell over the last third at least half as much as over the third before, by the means of their ends."""
    parts = [float(part.mean()) for part in np.array_split(losses, 9)] if len(losses) >= 9 else []
    return not parts or parts[5] - parts[8] >= STEADY * (parts[2] - parts[5])


_SLOPE = Text("change of the loss over the last third of training", "학습의 마지막 1/3 동안 손실의 변화")
_FLAT = Text("above -10 %", "-10 % 이상")
_WAY = Text("length of all updates over the length of the weights", "모든 갱신의 길이를 가중치의 크기로 나눈 값")
_TENTH = Text("above 0.1", "0.1 이상")
