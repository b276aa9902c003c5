"""The trial of a watched loop: copies train as the loop did and with one thing mended, side by side from the same weights."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import LIKELY, POSSIBLE, PROVED, Fault
from whynet.doctor.loop import Loop
from whynet.doctor.recording import Recorded
from whynet.doctor.replay import Manner, beginning, loss_of, manner_of, poolable, replay
from whynet.experiment.statistics.interval import ERROR_RATE
from whynet.experiment.statistics.paired import Paired, paired
from whynet.text import Text, join

BUDGET = 3.0  # seconds
SEEDS, FEWEST = 5, 3  # orders of the batches; three is the least that `paired` can tell one level from another with
PASSES, SHORTEST = 10, 2  # over the recorded batches
LEAST_BATCHES = 4
SMALL = 0.05  # of the loss at the start: what a mend brings less than that is none

Found = Literal["confirmed", "cleared", "open"]


@dataclass(frozen=True)
class Retried:
    """One fault mended: the loss that was reached under each order, and what that says."""

    fault: Fault
    name: Text  # of the mend
    values: Sequence[float]
    against: Paired
    found: Found

    @property
    def gain(self) -> float:
        """By how much the loss is lower with the mend."""
        return -self.against.difference.mean


@dataclass(frozen=True)
class LoopTrial:
    """What came of running a loop again."""

    original: Sequence[float]  # mean loss over the recorded batches at the end, one for each order
    tried: Sequence[Retried]
    start: float  # the same loss before any step
    steps: int = 0
    batches: int = 0
    seconds: float = 0.0
    not_tried: Text | None = None  # why nothing was tried

    @property
    def told(self) -> Text:
        """In one sentence: how it was done, or why it was not."""
        if self.not_tried is not None:
            return self.not_tried
        return _TOLD.fill(steps=self.steps, batches=self.batches, orders=len(self.original), start=self.start)

    def to_dict(self) -> dict[str, Any]:
        """The trial as plain data."""
        return {
            "told": self.told.both, "original": list(self.original), "start": self.start, "steps": self.steps,
            "batches": self.batches, "seconds": self.seconds,
            "tried": [
                {
                    "cause": one.fault.name, "found": one.found, "values": list(one.values), "gain": one.gain,
                    "interval": [-one.against.difference.high, -one.against.difference.low], "p": one.against.p,
                }
                for one in self.tried
            ],
        }  # fmt: skip


def trial_of(loop: Loop, suspicions: Sequence[Suspicion], budget: float = BUDGET, asked: bool = False) -> LoopTrial:
    """Try on copies what is suspected; where asked, what is proved or merely possible as well. Whoever calls keeps the random state.

    budget: seconds in all; as many passes over the recorded batches and as many orders of them as fit, ten and five at most. Where not
    even two passes in three orders fit, nothing is tried.
    """
    began = time.perf_counter()
    wanted = [one for one in suspicions if (one.strength >= POSSIBLE if asked else LIKELY <= one.strength < PROVED)]
    manner = replace(manner_of(loop), ordered=any(one.cause.name == "data-not-shuffled" for one in wanted))
    accused = [one.cause for one in wanted if isinstance(one.cause, Fault)]
    ways = {fault: way for fault in accused if (way := fault.mended(loop, manner)) is not None}
    why = _hindrance(loop, wanted, list(ways.values()))
    if why is not None:
        return LoopTrial([], [], math.nan, not_tried=why)
    arms = [manner, *ways.values()]
    batches = len(loop.recorder.batches)
    until = began + budget
    try:
        step = _seconds_a_step(loop, manner, until)
    except TimeoutError:
        step = budget
    fit = int((until - time.perf_counter()) / (step * len(arms) * FEWEST))
    if fit < SHORTEST * batches:
        return LoopTrial([], [], math.nan, not_tried=_NO_TIME.fill(budget=budget))
    steps = min(PASSES * batches, max(SHORTEST * batches, fit * FEWEST // SEEDS))
    reached: list[list[float]] = []
    start = math.nan
    for seed in range(SEEDS):
        try:
            ends = [replay(loop, arm, seed, steps, until) for arm in arms]
        except TimeoutError:
            break
        start = ends[0][0]
        reached.append([end for _, end in ends])
    if len(reached) < FEWEST:
        return LoopTrial([], [], math.nan, not_tried=_NO_TIME.fill(budget=budget))
    original, *others = (list(column) for column in zip(*reached, strict=True))
    tried = [_weighed(loop, fault, values, original, start, len(ways)) for fault, values in zip(ways, others, strict=True)]
    return LoopTrial(original, tried, start, steps, batches, time.perf_counter() - began)


def decided(suspicions: Sequence[Suspicion], trial: LoopTrial) -> list[Suspicion]:
    """The suspicions after the trial: what it found stands among the evidence, and settles what was open. Strongest first."""
    by_name = {one.fault.name: one for one in trial.tried}
    after = []
    for one in suspicions:
        tried = by_name.get(one.cause.name)
        if tried is None:
            after.append(one)
            continue
        sure = one.strength >= PROVED  # a fact stays one, whatever mending it brings
        speaks = {"confirmed": "for", "cleared": "neither" if sure else "against", "open": "neither"}[tried.found]
        strength = one.strength if sure else {"confirmed": PROVED, "cleared": 0.0, "open": one.strength}[tried.found]
        after.append(replace(one, evidence=[*one.evidence, _evidence(tried, trial, speaks)], strength=strength))
    return sorted(after, key=lambda one: -one.strength)


def _evidence(tried: Retried, trial: LoopTrial, speaks: Any) -> Evidence:
    mean = [sum(values) / len(values) for values in (trial.original, tried.values)]
    seen = _SEEN.fill(original=mean[0], mended=mean[1], n=len(trial.original))
    return Evidence(_WHAT.fill(steps=trial.steps), seen, _EQUAL, speaks)


def _weighed(loop: Loop, fault: Fault, values: list[float], original: list[float], start: float, tried: int) -> Retried:
    """Confirmed: lower with the mend, more than the orders vary and than a small part of the start. Cleared: surely no such gain."""
    against = paired(values, original, higher_is_better=False)
    least = SMALL * abs(start)
    gap = against.difference
    found: Found = "open"
    if not math.isfinite(gap.mean):
        found = "open"
    elif against.p * tried < ERROR_RATE and -gap.mean >= least:  # Bonferroni's correction for the number of mends
        found = "confirmed"
    elif gap.known and -gap.low < least:
        found = "cleared"
    return Retried(fault, fault.mend(loop).name, values, against, found)


def _hindrance(loop: Loop, wanted: Sequence[Suspicion], ways: Sequence[Manner]) -> Text | None:
    """Why the loop cannot be run again, if so."""
    recorder = loop.recorder
    if not wanted:
        return _NOTHING
    if not ways:
        return _NOT_THIS_WAY.fill(faults=join([one.cause.title for one in wanted], ", "))
    if not recorder.start:
        return _TOO_LARGE
    if len(recorder.batches) < LEAST_BATCHES:
        return _NOT_RECORDED.fill(n=len(recorder.batches))
    if not recorder.settings or not all(one.again for one in recorder.settings):
        return _OPTIMIZER
    if any(way.shuffled for way in ways) and not poolable(recorder.batches):
        return _NOT_POOLED
    return _unlike(loop, recorder.batches[0])


def _unlike(loop: Loop, first: Recorded) -> Text | None:
    """Whether a copy gives another loss for the first batch than the loop saw, where it must give the same."""
    if loop.sensitive or first.step != 1:
        return None
    again = float(loss_of(loop, beginning(loop), first))
    return _UNLIKE.fill(seen=first.value, again=again) if abs(again - first.value) > 1e-3 * abs(first.value) + 1e-6 else None


def _seconds_a_step(loop: Loop, manner: Manner, until: float) -> float:
    """Measured on a short run, whose first step warms up; copying and judging count as well."""
    steps = len(loop.recorder.batches)
    replay(loop, manner, 0, 1, until)
    began = time.perf_counter()
    replay(loop, manner, 0, steps, until)
    return max((time.perf_counter() - began) / steps, 1e-6)


_WHAT = Text(
    "loss after {steps} steps on copies, as it is and mended", "복사본으로 {steps} 스텝 학습한 뒤의 손실, 그대로와 고친 것"
)
_SEEN = Text("{original:.3g} and {mended:.3g}, over {n} orders", "{original:.3g}, {mended:.3g} (순서 {n}가지)")
_EQUAL = Text("no lower when mended", "고쳐도 작아지지 않음")
_TOLD = Text(
    "Copies were trained from the loop's first weights for {steps} steps on {batches} of its batches, as the loop did and with one thing "
    "mended, in {orders} orders; before, the loss was {start:.3g}.",
    "루프의 처음 가중치에서 출발해 기록한 배치 {batches}개로 복사본을 {steps} 스텝 학습했다. 루프와 똑같이, 그리고 한 가지만 고쳐서, "
    "순서를 {orders}가지로 바꾸어 견주었다. 학습하기 전의 손실은 {start:.3g}였다.",
)
_NOTHING = Text("Nothing was tried: nothing is open.", "시험하지 않았다. 가려야 할 의심이 없다.")
_NOT_THIS_WAY = Text(
    "Nothing was tried: running the loop again on copies cannot show {faults}.",
    "시험하지 않았다. 복사본으로 루프를 다시 돌려서는 가릴 수 없는 것이다: {faults}.",
)
_TOO_LARGE = Text(
    "Nothing was tried: the first weights are kept up to 64 MiB, and only where they are plain tensors.",
    "시험하지 않았다. 처음 가중치는 평범한 텐서이고 64 MiB까지일 때만 남겨 둔다.",
)
_NOT_RECORDED = Text(
    "Nothing was tried: {n} batches could be recorded with the loss that was sent back. A loss made of several, or of outputs that were "
    "changed on the way, is not run again.",
    "시험하지 않았다. 역전파한 손실과 함께 기록할 수 있던 배치가 {n}개뿐이다. 여럿을 합친 손실이나 "
    "도중에 바꾼 출력으로 계산한 손실은 다시 돌리지 않는다.",
)
_OPTIMIZER = Text(
    "Nothing was tried: the optimizer is none of torch.optim, or its step needs a closure.",
    "시험하지 않았다. torch.optim의 옵티마이저(optimizer)가 아니거나 스텝에 클로저(closure)가 필요하다.",
)
_NOT_POOLED = Text(
    "Nothing was tried: the recorded batches have different shapes, so their examples cannot be mixed.",
    "시험하지 않았다. 기록한 배치들의 모양이 서로 달라 예제를 섞을 수 없다.",
)
_UNLIKE = Text(
    "Nothing was tried: a copy gives the first batch a loss of {again:.4g}, the loop saw {seen:.4g}.",
    "시험하지 않았다. 첫 배치의 손실이 복사본과 루프에서 서로 다르다: {again:.4g}, {seen:.4g}.",
)
_NO_TIME = Text(
    "Nothing was found by trial: {budget:g} s were not enough for two passes over the batches in three orders.",
    "시험으로 가리지 못했다. {budget:g}초는 배치를 세 가지 순서로 두 번씩 훑기에 모자랐다.",
)
