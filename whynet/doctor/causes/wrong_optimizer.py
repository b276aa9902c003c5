"""Plain gradient descent is too slow for this valley, and another update rule is not."""

from __future__ import annotations

import math

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion
from whynet.doctor.controls.sharpness import reach
from whynet.doctor.examination import Examination
from whynet.doctor.rates import settings
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain

NARROW, FALLING = 0.1, 0.1  # of the greatest rate that does not overshoot; of the loss, over the last third of training
FAMILIES = {"adam": ("adam", "adamw"), "momentum": ("sgd",)}


@register(
    "cause",
    year=2015,
    source="Kingma and Ba (2015); Polyak (1964)",
    en="The update rule crawls along a narrow valley that momentum or a rate per weight would cross.",
    ko="모멘텀(momentum)이나 가중치별 학습률이라면 지나갈 좁은 골짜기를 갱신 규칙이 기어간다.",
)
class WrongOptimizer(Cause):
    """η λ_max / 2 near 1 and training that is still on its way: the valley is so narrow that the steepest direction forbids longer steps.

    For plain gradient descent that is the sign: the rate is more than a tenth of the greatest that does not overshoot (LeCun et al.
    1998), so it cannot be raised, and yet the loss falls by more than a tenth over the last third of training. Where the rate can be
    raised, it is the rate. Other rules have no sign of their own, so they are suspected weakly, and are the cause only where no other is.

    Another rule comes with a step length of its own: adam's cure of a rate that was too high or too low proves the rate wrong, not the
    rule.

    Adam divides by the running size of each gradient (Kingma and Ba 2015), momentum adds up steps that agree (Polyak 1964); either can
    help where plain gradient descent is slow, and neither where no gradient arrives.
    """

    name = "wrong-optimizer"
    title = Text("optimizer", "옵티마이저(optimizer)")
    explanation = Text(
        "Plain gradient descent takes the same rate for every weight and forgets every step at once.",
        "단순한 경사 하강법(gradient descent)은 모든 가중치에 같은 학습률을 쓰고 지난 걸음을 바로 잊는다.",
    )
    place = "rule"
    question = "optimizer-race"

    def look(self, seen: Examination) -> Suspicion:
        name, options = settings(seen.recipe)
        plain_sgd = name == "sgd" and not options.get("momentum")
        evidence = [Evidence(_RULE, plain(name), _EITHER, "neither")]
        far = reach(seen) if plain_sgd and not seen.diverged else None
        slope, noise = seen.end_slope
        if far is not None and all(map(math.isfinite, far)) and slope < -FALLING and -slope > 3 * noise:
            narrow = min(far) > NARROW
            evidence.append(Evidence(_NARROW, plain(f"{min(far):.1g}"), _ROOM, "for" if narrow else "neither"))
            if narrow:
                return Suspicion(self, evidence, 0.6)
        return Suspicion(self, evidence, 0.15 if plain_sgd or name == "adagrad" else 0.05)

    def remedies(self, seen: Examination) -> list[Remedy]:
        name, options = settings(seen.recipe)
        remedies = []
        if name not in FAMILIES["adam"]:
            remedies.append(
                Remedy(Text("adam (lr 0.001)", "adam (학습률 0.001)"), lambda r: r.change(optimizer="adam(lr=0.001)"))
            )
        if name == "sgd" and not options.get("momentum"):
            remedies.append(Remedy(Text("momentum 0.9", "모멘텀(momentum) 0.9"), _momentum))
        if name in FAMILIES["adam"]:
            remedies.append(Remedy(_SGD, lambda r: r.change(optimizer="sgd(lr=0.1, momentum=0.9)")))
        return remedies


def _momentum(recipe: Recipe) -> Recipe | None:
    _, options = settings(recipe)
    return recipe.change(optimizer=f"sgd(lr={options['lr']}, momentum=0.9)")


_NARROW = Text(
    "the rate over the greatest that does not overshoot, while the loss still falls",
    "손실이 아직 줄어드는데, 학습률을 골짜기를 넘어가지 않는 가장 큰 학습률로 나눈 값",
)
_ROOM = Text("below 0.1 while there is room for longer steps", "더 긴 걸음을 둘 여지가 있다면 0.1 미만")
_RULE = Text("update rule", "갱신 규칙")
_EITHER = Text("any; momentum and Adam are the usual choices", "무엇이든. 보통은 모멘텀이나 Adam")
_SGD = Text("sgd (lr 0.1, momentum 0.9)", "sgd (학습률 0.1, 모멘텀 0.9)")
