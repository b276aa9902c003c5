"""A logarithm of probabilities computed by hand."""

from __future__ import annotations

import math

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import POSSIBLE, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.text import Text, plain

GUARDS = {"clamp", "add", "clamp_min", "maximum"}
LEAST_FLOAT = 2.0**-126  # the least normal float32
NEAR = 1e-30  # a probability on its way there


@wiring_fault(
    year=2016,
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 4.1: overflow and underflow",
    en="The logarithm of a softmax or sigmoid is taken by hand, which gives −∞ where a probability rounds to zero.",
    ko="softmax나 시그모이드의 로그를 직접 계산해, 확률이 0으로 반올림되면 −∞가 된다.",
)
class NumericallyUnstableLoss(Fault):
    """log softmax(z) computed as log(softmax(z)): where z lies 104 below the greatest, float32 rounds the probability to 0 and log to −∞.

    Proved where the loop takes the logarithm of a softmax or sigmoid with nothing to guard it, and a probability of 0 (or 1 - p = 0)
    was seen, or the loss became infinite or NaN. Without that it is possible, no more: small networks may never get there. A
    clamp or an added ε on the way, log_softmax, and the losses of torch are safe.
    """

    name = "numerically-unstable-loss"
    title = Text("numerically unstable loss", "수치가 불안정한 손실")
    explanation = Text(
        "A probability of a very unlikely class rounds to zero, its logarithm is minus infinity, and the next gradient is NaN: all weights "
        "are lost at once. log_softmax and cross_entropy never form that zero.",
        "아주 드문 클래스의 확률은 0으로 반올림되고 그 로그는 음의 무한대이며 다음 기울기는 NaN이다. 가중치를 한 번에 모두 잃는다. "
        "log_softmax와 cross_entropy는 그 0을 만들지 않는다.",
    )
    place = "output"

    def notice(self, loop: Loop) -> Suspicion:
        logs = [o for o in loop.operations if o.name == "log"]
        squeezed = {one.last_operation for one in loop.outputs} & {"softmax", "sigmoid"}
        bare = [o for o in logs if not set(o.after) & GUARDS and (set(o.after) & {"softmax", "sigmoid"} or squeezed)]
        if not logs:
            return self.nothing()
        if not bare:
            return self.held([Evidence(_LOG, _GUARDED, _GUARDED, "against")], 0.0)
        least = min(o.spread[0] for o in bare)
        broken = [value for _, value in loop.losses if not math.isfinite(value)]
        evidence = [Evidence(_LOG, _BARE, _GUARDED, "for")]
        evidence.append(Evidence(_LEAST, plain(f"{least:.1g}"), _ABOVE, "for" if not least > NEAR else "neither"))
        if broken:
            evidence.append(Evidence(_LOSS, plain(f"{broken[0]}"), _NUMBER, "for"))
        proved = bool(broken) or not least > LEAST_FLOAT
        return self.held(evidence, PROVED if proved else POSSIBLE)

    def mend(self, loop: Loop) -> Mend:
        return Mend(
            _MEND, ("- loss = -torch.log(logits.softmax(1))[range(N), y].mean()", "+ loss = F.cross_entropy(logits, y)")
        )


_LOG = Text("logarithm of probabilities", "확률의 로그")
_BARE = Text("taken by hand, unguarded", "보호 없이 직접 계산")
_GUARDED = Text("by log_softmax, or guarded", "log_softmax나 보호된 계산")
_LEAST = Text("least probability seen", "가장 작았던 확률")
_ABOVE = Text("above 1e-30", "1e-30 초과")
_LOSS = Text("the loss", "손실")
_NUMBER = Text("a finite number", "유한한 수")
_MEND = Text("let the loss take the logits", "손실이 로짓을 받게 한다")
