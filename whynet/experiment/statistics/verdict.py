"""What the numbers say, in words."""

from __future__ import annotations

import math
from typing import Literal

from whynet.experiment.statistics.interval import ERROR_RATE
from whynet.experiment.statistics.paired import Paired, least_p, seeds_needed
from whynet.text import Text

Outcome = Literal["baseline", "better", "worse", "same", "unknown"]

OUTCOMES: dict[Outcome, Text] = {
    "baseline": Text("baseline", "기준(baseline)"),
    "better": Text("better", "더 좋다"),
    "worse": Text("worse", "더 나쁘다"),
    "same": Text("no difference detected", "차이가 드러나지 않았다"),
    "unknown": Text("cannot be told", "알 수 없다"),
}


def outcome(pair: Paired, p: float | None = None, *, higher_is_better: bool = True, levels: int = 1) -> Outcome:
    """Better or worse where the (adjusted) p is at most 5 %; unknown where so few seeds could never show it; else the same."""
    if not pair.difference.known:
        return "unknown"
    if pair.ties == pair.n:
        return "same"
    if levels * least_p(pair.n) > ERROR_RATE:
        return "unknown"
    if (pair.p if p is None else p) > ERROR_RATE:
        return "same"
    return "better" if (pair.difference.mean > 0) == higher_is_better else "worse"


def verdict(pair: Paired, p: float | None = None, *, higher_is_better: bool = True, levels: int = 1) -> Text:
    """The outcome with its numbers, as a sentence. ``p``: adjusted for the ``levels`` compared; the pair's own otherwise."""
    found = outcome(pair, p, higher_is_better=higher_is_better, levels=levels)
    gap = pair.difference
    if math.isnan(gap.mean):
        return _NOTHING_FINITE
    if found == "unknown":
        return _TOO_FEW.fill(n=pair.n, needed=seeds_needed(levels), wins=pair.wins, ties=_ties(pair), gap=_signed(gap.mean))
    if found == "same":
        return (_EQUAL if pair.ties == pair.n else _SAME).fill(n=pair.n, gap=_signed(gap.mean), smallest=gap.half_width)
    return _DIFFERENT.fill(
        found=OUTCOMES[found],
        gap=_signed(gap.mean),
        low=_signed(gap.low),
        high=_signed(gap.high),
        p=_p_words(pair.p if p is None else p),
        wins=pair.wins,
        n=pair.n,
        ties=_ties(pair),
    )


def _signed(value: float) -> str:
    return f"{value:+.3g}"


def _p_words(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _ties(pair: Paired) -> Text:
    return _WITH_TIES.fill(ties=pair.ties) if pair.ties else Text("", "")


_WITH_TIES = Text(" (equal on {ties})", " ({ties}개에서는 같았다)")
_DIFFERENT = Text(
    "{found}: {gap} (95 % interval {low} to {high}, {p}); better on {wins} of {n} seeds{ties}",
    "{found}: {gap} (95 % 구간 {low} ~ {high}, {p}), 시드 {n}개 가운데 {wins}개에서 더 좋았다{ties}",
)
_SAME = Text(
    "no difference detected: {gap} on {n} seeds, which can show a difference of about {smallest:.2g} or more",
    "차이가 드러나지 않았다: 시드 {n}개에서 {gap}. 이 시드 수로는 약 {smallest:.2g} 이상의 차이만 드러난다",
)
_EQUAL = Text(
    "no difference detected: equal on all {n} seeds",
    "차이가 드러나지 않았다: 시드 {n}개에서 모두 같았다",
)
_TOO_FEW = Text(
    "cannot be told from {n} seed(s): {gap}, better on {wins}{ties}; at least {needed} seeds are needed",
    "시드 {n}개로는 알 수 없다: {gap}, {wins}개에서 더 좋았다{ties}. 시드가 적어도 {needed}개 필요하다",
)
_NOTHING_FINITE = Text("cannot be told: every run diverged", "알 수 없다: 모든 학습이 발산했다")
