"""The steps are so long that the loss cannot settle."""

from __future__ import annotations

import numpy as np

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion, strength
from whynet.doctor.examination import Examination
from whynet.doctor.rates import rate, scaled_rate
from whynet.registry import register
from whynet.text import Text, plain

LONG, USUAL = 0.1, 1e-2  # length of one update over the length of the weights


@register(
    "cause",
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp (1998); Karpathy, CS231n (2015)",
    en="The learning rate is so high that steps overshoot the valley: the loss jumps, rises or becomes NaN.",
    ko="학습률(learning rate)이 너무 커서 한 걸음이 골짜기를 넘어간다. 손실이 튀거나 커지거나 NaN이 된다.",
)
class LrTooHigh(Cause):
    """η > 2 / λ_max: the loss grows along the steepest direction of curvature λ_max (LeCun et al. 1998).

    Signs: the loss becomes infinite or NaN; it ends above where it began; an update moves the weights by more than a tenth of
    their length, where 1e-3 is usual (Karpathy 2015) and 1e-2 still is harmless.
    """

    name = "lr-too-high"
    title = Text("learning rate too high", "너무 큰 학습률")
    explanation = Text(
        "A step follows the slope where the network stands now. If it is longer than the valley is wide, it lands on the other side, "
        "higher than before, and the next one overshoots further.",
        "한 걸음은 지금 서 있는 곳의 기울기를 따른다. 걸음이 골짜기의 폭보다 길면 반대편 더 높은 곳에 닿고, 다음 걸음은 더 멀리 넘어간다.",
    )
    question = "learning-rate"

    def look(self, seen: Examination) -> Suspicion:
        evidence = []
        if seen.diverged:
            why = seen.fitted.outcome.why or plain("NaN")
            evidence.append(Evidence(_DIVERGED, why, _NUMBER, "for"))
        else:
            rose = seen.end_loss > 1.05 * seen.start_loss
            evidence.append(Evidence(
                _END, _FROM_TO.fill(start=seen.start_loss, end=seen.end_loss), _BELOW, "for" if rose else "against",
            ))  # fmt: skip
        ratios = [v for v in seen.early("update_ratio").values() if np.isfinite(v)]
        if ratios:
            longest = max(ratios)
            speaks = "for" if longest > LONG else "against" if longest < USUAL else "neither"
            evidence.append(Evidence(_UPDATE, plain(f"{longest:.1g}"), _THOUSANDTH, speaks))  # type: ignore[arg-type]
        return Suspicion(self, evidence, strength(evidence))

    def remedies(self, seen: Examination) -> list[Remedy]:
        now = rate(seen.recipe)
        if now is None:
            return []
        name = Text("learning rate ÷ {factor} ({rate:g})", "학습률 ÷ {factor} ({rate:g})")
        return [
            Remedy(name.fill(factor=factor, rate=now / factor), lambda r, f=factor: scaled_rate(r, 1 / f))  # type: ignore[misc]
            for factor in ((10, 100, 1000) if seen.diverged else (10,))
        ]


_DIVERGED = Text("the loss", "손실")
_NUMBER = Text("a finite number", "유한한 수")
_END = Text("the loss from start to end", "처음과 끝의 손실")
_FROM_TO = Text("{start:.3g} to {end:.3g}", "{start:.3g}에서 {end:.3g}")
_BELOW = Text("lower at the end", "끝에서 더 작음")
_UPDATE = Text("longest update over the length of its weights", "가장 긴 갱신을 그 가중치의 크기로 나눈 값")
_THOUSANDTH = Text("about 0.001", "0.001쯤")
