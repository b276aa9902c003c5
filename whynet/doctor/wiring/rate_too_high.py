"""The cause `lr-too-high`, as a loop shows it: the loss ends above where it began, after updates as long as the weights."""

from __future__ import annotations

import math
from dataclasses import replace

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.causes.lr_too_high import LrTooHigh
from whynet.doctor.fault import LIKELY, POSSIBLE, Fault, Mend
from whynet.doctor.loop import Loop
from whynet.doctor.replay import Manner
from whynet.text import Text, plain

LONG = 0.1  # length of one update over the length of the weights; 1e-3 is usual (Karpathy, CS231n 2015)
ROSE = 1.05  # times the loss at the start, as in `gradient-sign-flipped`
TENTH = 0.1  # of the rate is what a replay tries: the step between the rates that are usually tried


class RateTooHigh(Fault):
    """The loss became infinite or NaN, or was above 1.05 of its first value all through the last quarter of the watched steps.

    A loss may grow for other reasons (a generator's grows as its judge learns), so that alone is not held against the rate. With a first
    update longer than a tenth of the weights, where 1e-3 is usual (Karpathy 2015), it is a suspicion, and a replay with a tenth of the
    rate decides. Nothing is said where the gradient was not cleared, was climbed, or a loss was summed: those make steps long at any
    rate.
    """

    name = LrTooHigh.name
    title = LrTooHigh.title
    explanation = LrTooHigh.explanation
    place = LrTooHigh.place
    question = LrTooHigh.question
    needs_steps = True

    def notice(self, loop: Loop) -> Suspicion:
        values = [value for _, value in loop.losses]
        if len(values) < 4:
            return self.nothing()
        if explained(loop):
            return self.nothing()
        broke = [value for value in values if not math.isfinite(value)]
        last = values[-max(2, len(values) // 4) :]
        rose = values[0] > 0 and min(last) > ROSE * values[0]
        ratios = (v for points in loop.probes.get("update_ratio", {}).values() for _, v in points[:8])
        longest = max((one for one in ratios if math.isfinite(one)), default=0.0)
        long = longest > LONG
        course = _BROKE.fill(value=broke[0]) if broke else _FROM_TO.fill(first=values[0], last=values[-1])
        evidence = [
            Evidence(_COURSE, course, _FALLS, "for" if broke or rose else "against"),
            Evidence(_UPDATE, plain(f"{longest:.1g}"), _BELOW, "for" if long else "against"),
        ]
        strength = LIKELY if (broke or rose) and long else POSSIBLE if broke or rose else 0.0
        return self.held(evidence, strength)

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        return replace(manner, rate=TENTH)

    def mend(self, loop: Loop) -> Mend:
        rates = [options["lr"] for one in loop.recorder.settings for _, options in one.groups if "lr" in options]
        rate = float(max(rates)) if rates else 1.0
        kind = loop.recorder.settings[0].kind.__name__ if loop.recorder.settings else "SGD"
        made = f"optimizer = torch.optim.{kind}(model.parameters(), lr="
        return Mend(_MEND, (f"- {made}{rate:g})", f"+ {made}{TENTH * rate:g})"))


def explained(loop: Loop) -> bool:
    """Whether something else makes the steps long, or the loss grow."""
    summed = any(call.reduction == "sum" for call in loop.training_calls)
    uphill = bool(loop.along) and loop.along[0] > 0
    return 2 * loop.carried >= max(1, loop.checked) or bool(loop.negative_rates or loop.negated) or uphill or summed


_COURSE = Text("the loss from start to end", "처음과 끝의 손실")
_FROM_TO = Text("{first:.3g} to {last:.3g}", "{first:.3g}에서 {last:.3g}")
_BROKE = Text("{value}", "{value}")
_FALLS = Text("lower at the end", "끝에서 더 작음")
_UPDATE = Text(
    "longest of the first updates over the length of its weights", "처음 갱신 가운데 가장 긴 것을 그 가중치의 크기로 나눈 값"
)
_BELOW = Text("below 0.1", "0.1 미만")
_MEND = Text("take a tenth of the learning rate", "학습률을 10분의 1로 낮춘다")
