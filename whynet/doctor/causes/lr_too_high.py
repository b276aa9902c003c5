"""The steps are so long that the loss cannot settle."""

from __future__ import annotations

import math

import numpy as np

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion, strength
from whynet.doctor.controls.sharpness import reach
from whynet.doctor.examination import Examination
from whynet.doctor.facts.overshoot import OFTEN, PEAK, overshot, peak, restless
from whynet.doctor.rates import nearest_power, rate, scaled_rate
from whynet.registry import register
from whynet.text import Text, plain

LONG, HARMLESS, USUAL = 0.1, 1e-2, 1e-3  # length of one update over the length of the weights
LOST = 0.5  # of the weights, by one update: two leave nothing of how they were begun
FELL = 0.5  # of the loss at the start
BEYOND = 2.0  # times the rate at which gradient descent overshoots


@register(
    "cause",
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp (1998); Karpathy, CS231n (2015)",
    en="The learning rate is so high that steps overshoot the valley: the loss jumps, rises or becomes NaN.",
    ko="학습률(learning rate)이 너무 커서 한 걸음이 골짜기를 넘어간다. 손실이 튀거나 커지거나 NaN이 된다.",
)
class LrTooHigh(Cause):
    """η > 2 / λ_max: the loss grows along the steepest direction of curvature λ_max (LeCun et al. 1998).

    Below that rate the loss of the whole data can only fall, and the loss of a batch varies about it. Signs of a rate above it: the
    loss becomes infinite or NaN; it ends above where it began; on the way it climbs to twice of that, which is more than batches
    differ; one of the first updates moves the weights by more than a tenth of their length, where 1e-3 is usual (Karpathy 2015) and
    1e-2 still is harmless. For gradient descent the bound itself is measured at the start: up to twice of it training finds its
    way to a flatter place (Lewkowycz et al. 2020), beyond it does not. A loss that fell by more than half speaks against, unless it
    does not come to rest: where a quarter of the looks at the same training examples, in the second half of training, find their loss a
    tenth above the look before, steps still jump over the valley.

    Some of these together are no sign any more but the thing itself, and prove it: a rate beyond twice the bound and a loss that climbed;
    or first updates of half the weights, so that two of them leave nothing of what the weights were begun with, a loss that never
    comes to rest, and a metric below that of the best simple model. The last is asked because a loss may jump near its floor and nobody
    is the worse for it.
    The rates tried are all powers of ten down to what brings the first update to about 1e-3.
    """

    name = "lr-too-high"
    title = Text("learning rate too high", "너무 큰 학습률")
    explanation = Text(
        "A step follows the slope where the network stands now. If it is longer than the valley is wide, it lands on the other side, "
        "higher than before, and the next one overshoots further.",
        "한 걸음은 지금 서 있는 곳의 기울기를 따른다. 걸음이 골짜기의 폭보다 길면 반대편 더 높은 곳에 닿고, 다음 걸음은 더 멀리 넘어간다.",
    )
    place = "rate"
    question = "learning-rate"

    def look(self, seen: Examination) -> Suspicion:
        evidence, often = [], False
        if seen.diverged:
            why = seen.fitted.outcome.why or plain("NaN")
            evidence.append(Evidence(_DIVERGED, why, _NUMBER, "for"))
        else:
            start, end = seen.start_loss, seen.end_loss
            jumps = restless(seen)
            often = jumps is not None and jumps[0] >= OFTEN * jumps[1]
            ended: Speaks = "for" if seen.rose else "against" if end < FELL * start and not often else "neither"
            evidence.append(Evidence(_END, _FROM_TO.fill(start=start, end=end), _BELOW, ended))
            if peak(seen) > PEAK:
                evidence.append(Evidence(_PEAK, _TIMES.fill(times=peak(seen)), _TWICE, "for"))
            if often and jumps is not None:
                evidence.append(Evidence(_JUMPS, _OF.fill(n=jumps[0], all=jumps[1]), _HARDLY_ANY, "for"))
        longest = _longest(seen)
        if longest is not None:
            speaks: Speaks = "for" if longest > LONG else "against" if longest < HARMLESS else "neither"
            evidence.append(Evidence(_UPDATE, plain(f"{longest:.1g}"), _THOUSANDTH, speaks))
        far = reach(seen)
        if far is not None and math.isfinite(far[0]) and any(one.speaks == "for" for one in evidence):
            evidence.append(Evidence(_REACH, plain(f"{far[0]:.2g}"), _TWO, "for" if far[0] > BEYOND else "neither"))
        beyond = far is not None and math.isfinite(far[0]) and far[0] > BEYOND and overshot(seen)
        behind = seen.metric < seen.baseline.metric
        proved = beyond or (often and longest is not None and longest >= LOST and behind)
        return Suspicion(self, evidence, strength(evidence), proved)

    def remedies(self, seen: Examination) -> list[Remedy]:
        now = rate(seen.recipe)
        if now is None:
            return []
        name = Text("learning rate ÷ {factor} ({rate:g})", "학습률 ÷ {factor} ({rate:g})")
        first = max((v for v in seen.early("update_ratio").values() if np.isfinite(v)), default=0.0)
        most = max(1000 if seen.diverged else 100, nearest_power(first / USUAL)) if self.look(seen).speaks == "for" else 10
        factors = [factor for factor in (10, 100, 1000, 10_000) if factor <= most]
        return [
            Remedy(name.fill(factor=factor, rate=now / factor), lambda r, f=factor: scaled_rate(r, 1 / f))  # type: ignore[misc]
            for factor in factors
        ]


def _longest(seen: Examination) -> float | None:
    """The longest of the first updates of any layer, over the length of its weights."""
    ratios = [v for v in seen.greatest("update_ratio").values() if np.isfinite(v)]
    return max(ratios) if ratios else None


_DIVERGED = Text("the loss", "손실")
_NUMBER = Text("a finite number", "유한한 수")
_END = Text("the loss from start to end", "처음과 끝의 손실")
_FROM_TO = Text("{start:.3g} to {end:.3g}", "{start:.3g}에서 {end:.3g}")
_BELOW = Text("lower at the end", "끝에서 더 작음")
_PEAK = Text("highest loss on the way, over that at the start", "도중의 가장 큰 손실을 처음 손실로 나눈 값")
_TIMES = Text("{times:.3g}", "{times:.3g}")
_TWICE = Text("below 2", "2 미만")
_JUMPS = Text("looks that find the loss of the same examples a tenth higher", "같은 예제의 손실이 10분의 1 넘게 커진 횟수")
_OF = Text("{n} of {all}", "{all}번 가운데 {n}번")
_HARDLY_ANY = Text("hardly any", "거의 없음")
_UPDATE = Text(
    "longest of the first updates over the length of its weights", "처음 갱신 가운데 가장 긴 것을 그 가중치의 크기로 나눈 값"
)
_THOUSANDTH = Text("about 0.001", "0.001쯤")
_REACH = Text(
    "the rate over the greatest that does not overshoot at the start", "학습률을 처음에 넘어가지 않는 가장 큰 학습률로 나눈 값"
)
_TWO = Text("below 2", "2 미만")
