"""The steps are so short that training ends before it has begun."""

from __future__ import annotations

import math

import numpy as np

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion, set_aside, strength
from whynet.doctor.controls.sharpness import reach, room
from whynet.doctor.controls.stuck import stuck
from whynet.doctor.examination import Examination
from whynet.doctor.rates import power_above, rate, scaled_rate
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain

STILL = 1e-10  # rounding: nothing moved at all, and no rate would change that
SHORT, USUAL = 1e-4, 1e-3  # length of one update over the length of the weights
SHORT_WAY = 0.1  # length of all updates together over the length of the weights
TIMID = 0.01  # of the rate at which gradient descent overshoots
HALF = 0.5  # of the loss, at the start or at the end
SOON = 2.0  # times the rate: a smaller change of it is none


@register(
    "cause",
    year=2015,
    source="Karpathy, CS231n lecture notes (2015); Bengio, Practical recommendations (2012)",
    en="The learning rate is so low that the weights hardly move in the time given.",
    ko="학습률(learning rate)이 너무 작아 주어진 시간 동안 가중치가 거의 움직이지 않는다.",
)
class LrTooLow(Cause):
    """‖Δw‖ / ‖w‖ ≪ 10⁻³ in every layer.

    About 10⁻³ a step is usual (Karpathy 2015); below 10⁻⁴ some ten thousand steps are needed to change the weights by their own
    length. It counts only where no layer moves faster, at the start or later: steps that were long once and then stopped have another
    cause, and where no gradient comes at all no rate helps. Updates of 10⁻³ and more speak against, unless there were so few that all
    together move the weights by less than a tenth of their length. That way is the rate times the steps: it is a sign of either, too
    short steps or too few (`too-few-epochs`), and where each mends alone, either may be mended; the steps themselves being as long as
    usual, it is the weaker sign for the rate.

    For gradient descent there is a better measure. The greatest rate that does not overshoot is 2 / λ_max, and about half of it is best
    (LeCun et al. 1998); with less than a hundredth of it, at the start and at the end alike, all steps might have been a hundred times
    as long, which is a sign where the loss has not come down by half, however long the steps are beside the weights. A valley has a
    flat side as well: where training ends, the best step along the gradient of one tensor of weights would take ‖g‖² / 2c off the loss
    (c: the curvature that way). Where that is half of what is left and more, and all steps together went less than a tenth of the
    way there (η c T), the rate is too low for that side, however fast others were learned. A loss that
    is still falling when training ends fits, and fits too few epochs as well, so it speaks neither way. The rates tried are the one that
    the curvature allows, 1 / λ_max (LeCun et al. 1998), which is worked out anew for the network it is to train; and those that bring
    the longest update to between 10⁻³ and 10⁻², and to ten times that, which still is below a tenth.
    """

    name = "lr-too-low"
    title = Text("learning rate too low", "너무 작은 학습률")
    explanation = Text(
        "Every step goes the right way but hardly anywhere: when training ends the weights are still close to where they began.",
        "걸음의 방향은 맞지만 거의 나아가지 않는다. 학습이 끝나도 가중치는 처음 자리 가까이에 있다.",
    )
    place = "rate"
    question = "learning-rate"

    def look(self, seen: Examination) -> Suspicion:
        evidence, timid = [], False
        far = reach(seen)
        if far is not None and all(map(math.isfinite, far)):
            timid = 0 < max(far) < TIMID and seen.end_loss > HALF * seen.start_loss
            evidence.append(Evidence(_REACH, plain(f"{max(far):.1g}"), _TENTHS, "for" if timid else "neither"))
        left = stuck(seen)
        if left is not None and left.gain >= HALF and left.way < SHORT_WAY:
            timid = True
            evidence.append(
                Evidence(_LEFT, _ALONG.fill(gain=min(left.gain, 1.0), name=left.name, way=left.way), _LITTLE, "for")
            )
        ratios = _steps(seen)
        if ratios:
            middle, largest = float(np.median(ratios)), max(ratios)
            speaks: Speaks = (
                "for"
                if largest < SHORT or largest * seen.steps < SHORT_WAY
                else "against"
                if middle >= USUAL and not timid
                else "neither"
            )
            shown = _RANGE.fill(middle=middle, largest=largest)
            evidence.append(Evidence(_UPDATE, shown, _THOUSANDTH, speaks))
        slope, _ = seen.end_slope
        evidence.append(Evidence(_SLOPE, plain(f"{slope:+.0%}"), _FLAT, "neither"))
        if seen.diverged or seen.rose or max(ratios, default=1.0) < STILL:
            return Suspicion(self, set_aside(evidence), 0.0)
        usual = bool(ratios) and max(ratios) >= SHORT and not timid
        return Suspicion(self, evidence, min(HALF, strength(evidence)) if usual else strength(evidence))

    def remedies(self, seen: Examination) -> list[Remedy]:
        now = rate(seen.recipe)
        if now is None:
            return []
        name = Text("learning rate × {factor} ({rate:g})", "학습률 × {factor} ({rate:g})")
        largest = max(_steps(seen), default=0.0)
        wanted = power_above(USUAL / largest) if 0 < largest < SHORT else 10
        allowed = [Remedy(_ALLOWED, _allowed)] if reach(seen) is not None and self.look(seen).speaks == "for" else []
        return allowed + [
            Remedy(name.fill(factor=factor, rate=now * factor), lambda r, f=factor: scaled_rate(r, f))  # type: ignore[misc]
            for factor in (wanted, 10 * wanted)
        ]


def _allowed(recipe: Recipe) -> Recipe | None:
    """With the rate 1 / λ_max of the network as this recipe makes it, to one digit; None where that is not twice what it has."""
    factor = room(recipe)
    return scaled_rate(recipe, factor) if factor >= SOON else None


def _steps(seen: Examination) -> list[float]:
    """The usual update of each layer over the length of its weights, and no less than at the start."""
    early, usual = seen.early("update_ratio"), seen.usual("update_ratio")
    return [max(early[layer], value) for layer, value in usual.items() if np.isfinite(value) and np.isfinite(early[layer])]


_ALLOWED = Text("the learning rate that the curvature allows", "곡률이 허락하는 학습률")
_LEFT = Text(
    "loss that one tensor of weights alone could take off, and the way it went there",
    "가중치 텐서 하나가 혼자 줄일 수 있는 손실과 거기까지 간 길",
)
_ALONG = Text("{gain:.0%} ({name}), {way:.1%} of the way", "{gain:.0%}({name}), 길의 {way:.1%}")
_LITTLE = Text("less than half, or a tenth of the way and more", "절반 미만이거나 길의 10분의 1 이상")
_UPDATE = Text("update over the length of the weights", "갱신을 가중치의 크기로 나눈 값")
_RANGE = Text("{middle:.1g} in the middle layer, at most {largest:.1g}", "가운데 층에서 {middle:.1g}, 가장 커도 {largest:.1g}")
_THOUSANDTH = Text("about 0.001", "0.001쯤")
_SLOPE = Text("change of the loss over the last third of training", "학습의 마지막 1/3 동안 손실의 변화")
_FLAT = Text("above -10 %", "-10 % 이상")
_REACH = Text("the rate over the greatest that does not overshoot", "학습률을 골짜기를 넘어가지 않는 가장 큰 학습률로 나눈 값")
_TENTHS = Text("0.01 to 1", "0.01 ~ 1")
