"""The cause `inputs-not-normalized`, as a loop shows it: what reaches the first layer is a hundred times too large, or uneven."""

from __future__ import annotations

import math
from dataclasses import replace

from whynet.doctor.cause import Evidence, Speaks, Suspicion
from whynet.doctor.causes.inputs_not_normalized import FAR, OFF
from whynet.doctor.causes.inputs_not_normalized import InputsNotNormalized as FromRecipe
from whynet.doctor.fault import LIKELY, POSSIBLE, PROVED, Fault, Mend
from whynet.doctor.loop import Loop
from whynet.doctor.replay import Manner
from whynet.doctor.wiring.rate_too_high import explained
from whynet.text import Text, plain

LARGE = 100.0  # |mean| or spread of a feature: curvature of 10⁴ along it where a standardised one has 1
UNEQUAL = 1000.0  # largest spread over that of the lower quarter: a valley 10⁶ times as long as wide
LEAST_ROWS = 50
LONG = 0.5  # of the weights' own length, in one of the first updates; 1e-3 is usual (Karpathy, CS231n 2015)
LEAST_LOSSES = 8


class InputsNotNormalized(Fault):
    """A feature of the inputs with |mean| or spread above 100, or with a spread 1000 times that of the lower quarter of them.

    For one linear layer the curvature of the squared loss is E[x xᵀ] (LeCun et al. 1998, §4.3), so such inputs make the loss 10⁴ times
    steeper than others, or a valley 10⁶ times as long as wide. Measured is what reaches the first layer with weights, (N, features), over
    50 rows and more, so a network that scales its inputs itself is not accused; one that norms what that layer makes of them (batch
    normalisation takes mean and scale away) is not suspected. A large input with a small rate may train all the same: it is a suspicion,
    which a replay on standardised inputs decides. Proved where harm shows that nothing else seen explains: the loss became infinite or
    NaN, one of the first updates was longer than half of its weights, or the last quarter of the losses is not below the first.
    """

    name = FromRecipe.name
    title = FromRecipe.title
    explanation = FromRecipe.explanation
    place = FromRecipe.place
    question = FromRecipe.question
    needs_steps = True

    def notice(self, loop: Loop) -> Suspicion:
        seen = loop.inputs
        if seen is None or seen.rows < LEAST_ROWS or not bool(seen.mean.isfinite().all() & seen.squares.isfinite().all()):
            return self.nothing()
        spread = seen.spread
        some = spread[spread > 0]
        largest = max(float(seen.mean.abs().max()), float(spread.max()))
        ratio = float(some.max() / some.quantile(0.25, interpolation="lower")) if len(some) else 1.0
        large, uneven = largest > LARGE, ratio > UNEQUAL and largest > FAR
        size: Speaks = "for" if large else "against" if largest <= OFF else "neither"
        evidence = [
            Evidence(_SIZE, plain(f"{largest:.3g}"), _ONE, size),
            Evidence(_SCALES, plain(f"{ratio:.3g}"), _THOUSAND, "for" if uneven else "against"),
        ]
        if not large and not uneven:
            return self.held(evidence, 0.0)
        if seen.normed:
            return self.held([*evidence, Evidence(_BEHIND, _NORM, _ANY, "against")], POSSIBLE)
        harm = _harm(loop)
        return self.held([*evidence, *harm], PROVED if harm and not explained(loop) else LIKELY)

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        return replace(manner, standardised=True) if loop.inputs is not None else None

    def mend(self, loop: Loop) -> Mend:
        return Mend(
            _MEND,
            (
                "+ mean, std = x_train.mean(dim=0), x_train.std(dim=0)",
                "+ x = (x - mean) / std  # the same two for all other data",
            ),
        )


def _harm(loop: Loop) -> list[Evidence]:
    """The signs that training suffered."""
    found = []
    values = [value for _, value in loop.losses]
    broke = [value for value in values if not math.isfinite(value)]
    if broke:
        found.append(Evidence(_COURSE, plain(str(broke[0])), _FALLS, "for"))
    elif len(values) >= LEAST_LOSSES:
        last = values[-(len(values) // 4) :]
        if sum(last) / len(last) >= values[0]:
            end = _FROM_TO.fill(first=values[0], last=sum(last) / len(last))
            found.append(Evidence(_COURSE, end, _FALLS, "for"))
    ratios = (value for points in loop.probes.get("update_ratio", {}).values() for _, value in points[:LEAST_LOSSES])
    longest = max((one for one in ratios if math.isfinite(one)), default=0.0)
    if longest > LONG:
        found.append(Evidence(_UPDATE, plain(f"{longest:.2g}"), _BELOW, "for"))
    return found


_SIZE = Text("largest mean or spread of a feature", "특성의 평균이나 퍼짐 가운데 가장 큰 값")
_ONE = Text("about 1", "1쯤")
_SCALES = Text(
    "largest spread over that of the lower quarter, among features",
    "특성의 퍼짐 가운데 가장 큰 값을 아래 4분의 1의 값으로 나눈 값",
)
_THOUSAND = Text("below 1000", "1000 미만")
_BEHIND = Text("behind the first layer", "첫 층 바로 뒤")
_NORM = Text("batch normalisation", "배치 정규화(batch normalization)")
_ANY = Text("batch normalisation, where inputs are large", "입력이 클 때는 배치 정규화")
_COURSE = Text("the loss from start to end", "처음과 끝의 손실")
_FROM_TO = Text("{first:.3g} to {last:.3g}", "{first:.3g}에서 {last:.3g}")
_FALLS = Text("lower at the end", "끝에서 더 작음")
_UPDATE = Text(
    "longest of the first updates over the length of its weights", "처음 갱신 가운데 가장 긴 것을 그 가중치의 크기로 나눈 값"
)
_BELOW = Text("below 0.5", "0.5 미만")
_MEND = Text("standardise the inputs", "입력을 표준화한다")
