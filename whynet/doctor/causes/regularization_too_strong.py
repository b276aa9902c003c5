"""The penalty pulls harder than the examples do."""

from __future__ import annotations

import math
from statistics import median

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion, set_aside
from whynet.doctor.examination import Examination
from whynet.doctor.facts.gradient import first_gradient
from whynet.doctor.rates import settings
from whynet.doctor.surgery import with_penalty
from whynet.registry import register
from whynet.text import Text, plain

STRONG, WEAK = 0.5, 0.05  # of the examples' pull
SHRUNK = 0.5  # of the length the weights began with


@register(
    "cause",
    year=1992,
    source="Krogh and Hertz (1992); Loshchilov and Hutter, Decoupled weight decay (2019)",
    en="The weight decay shrinks the weights faster than the examples can shape them.",
    ko="가중치 감쇠(weight decay)가 예제가 가중치를 다듬는 것보다 빠르게 가중치를 줄인다.",
)
class RegularizationTooStrong(Cause):
    """λ‖w‖ against ‖∂L/∂w‖ before training; for AdamW ηλ against ‖Δw‖ / ‖w‖.

    The gradient is longest at the start: a penalty that already then pulls half as hard as the examples wins as soon as they are
    half learned. A twentieth speaks against. Weights that end at less than half the length they began with bear it out. Without a penalty
    this is ruled out.
    """

    name = "regularization-too-strong"
    title = Text("penalty too strong", "너무 강한 정규화")
    explanation = Text(
        "Weight decay pulls every weight towards zero at each step. Where the pull is as strong as what the examples ask for, the network "
        "settles on a compromise that answers nearly the same to everything.",
        "가중치 감쇠는 걸음마다 모든 가중치를 0 쪽으로 당긴다. 그 힘이 예제의 요구만큼 세면 네트워크는 무엇에든 거의 같은 답을 하는 "
        "타협점에 머문다.",
    )
    place = "rule"
    question = "weight-decay"

    def look(self, seen: Examination) -> Suspicion:
        name, options = settings(seen.recipe)
        penalty = float(options.get("weight_decay") or 0.0)
        if not penalty:
            return Suspicion(self, [], 0.0)
        start, end = seen.fitted.arm.network.initial, seen.fitted.outcome.weights
        if name == "adamw":
            moves = [v for v in seen.early("update_ratio").values() if math.isfinite(v) and v > 0]
            pull = float(options["lr"]) * penalty / median(moves) if moves else 0.0
        else:
            gradient = math.sqrt(sum(float(g.square().sum()) for g in first_gradient(seen).values()))
            pull = penalty * float(start.norm()) / gradient if gradient > 0 else math.inf
        speaks: Speaks = "for" if pull > STRONG else "against" if pull < WEAK else "neither"
        evidence = [Evidence(_PULL, plain(f"{pull:.2g}"), _LITTLE, speaks)]
        left = float(end.norm() / start.norm()) if float(start.norm()) > 0 else float("nan")
        if math.isfinite(left):
            evidence.append(Evidence(_LEFT, plain(f"{left:.2g}"), _HALF, "for" if left < SHRUNK else "neither"))
        likely = speaks == "for" or (speaks == "neither" and left < SHRUNK)
        return Suspicion(self, evidence if likely else set_aside(evidence), 0.9 if likely else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        now = float(settings(seen.recipe)[1].get("weight_decay") or 0.0)
        hundredth = float(f"{now / 100:.2g}")
        name = Text("weight decay ÷ 100 ({v:g})", "가중치 감쇠 ÷ 100 ({v:g})").fill(v=hundredth)
        return [
            Remedy(name, lambda r: with_penalty(r, hundredth)),
            Remedy(Text("no weight decay", "가중치 감쇠 없이"), lambda r: with_penalty(r, None)),
        ]


_PULL = Text(
    "pull of the penalty over that of the examples, at the start", "처음에 벌점이 당기는 힘을 예제가 당기는 힘으로 나눈 값"
)
_LITTLE = Text("below 0.05", "0.05 미만")
_LEFT = Text("length of the weights at the end over the start", "가중치의 마지막 크기를 처음 크기로 나눈 값")
_HALF = Text("above 0.5", "0.5 이상")
