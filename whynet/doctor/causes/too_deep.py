"""There are so many layers that nothing of the input is left behind the last, whatever stands between them."""

from __future__ import annotations

import math

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import at_start
from whynet.doctor.facts.signals import first_signals, ratio
from whynet.doctor.facts.units import SLOPES
from whynet.doctor.surgery import shallower, with_skip
from whynet.registry import register
from whynet.text import Text, plain

MANY = 8  # layers with weights
LOST, KEPT = 0.99, 0.9  # how alike examples look
FAR, NEAR = 1e3, 10.0  # gradients of first and last layer apart


@register(
    "cause",
    year=2017,
    source="Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, Deep information propagation (2017); He et al. (2016)",
    en="The network is deeper than a signal reaches: behind the last layer all examples look alike.",
    ko="네트워크가 신호가 닿을 수 있는 것보다 깊다. 마지막 층 뒤에서는 모든 예제가 똑같아 보인다.",
)
class TooDeep(Cause):
    """‖mean z‖² / mean ‖z‖² → 1 with depth: two examples become more alike in every layer (Schoenholz et al. 2017).

    Above 0.99 behind the last hidden layer, less than a hundredth of the signal tells examples apart. It counts with eight layers or more
    (plain networks of eight still trained without normalisation: Krizhevsky et al. 2012), where the first layer still told them apart, or
    where gradients of first and last layer lie a thousandfold apart. Where sigmoids, tanhs and their kin stand between the layers the
    activation is what fades, so this speaks neither way. Fewer layers have to restore it.
    """

    name = "too-deep"
    title = Text("too many layers", "너무 많은 층")
    explanation = Text(
        "Each layer mixes what it is given. After enough of them two different inputs lead to the same numbers, and the error cannot "
        "find its way back either. Fewer layers, or a way around them, keep the signal.",
        "층마다 받은 것을 뒤섞는다. 층이 충분히 많으면 서로 다른 입력도 같은 수가 되고, 오차도 되돌아갈 길을 찾지 못한다. "
        "층을 줄이거나 건너뛰는 길을 두면 신호가 남는다.",
    )
    place = "network"
    question = "depth-or-width"

    def look(self, seen: Examination) -> Suspicion:
        signals = first_signals(seen)
        if len(signals) < MANY:
            return Suspicion(self, [], 0.0)
        flattening = any(one.activation in SLOPES for one in at_start(seen))
        first, last = signals[0].alike, signals[-2].alike
        apart = ratio([one.backward for one in signals[:-1]])
        apart = max(apart, 1 / apart) if apart > 0 else math.inf
        lost = (last > LOST and first < KEPT) or apart > FAR
        fine = last < KEPT and apart < NEAR
        speaks: Speaks = "neither" if flattening else "for" if lost else "against" if fine else "neither"
        evidence = [
            Evidence(_ALIKE, _FROM_TO.fill(first=first, last=last), _BELOW, speaks),
            Evidence(_LAYERS, plain(str(len(signals))), _FEW, "neither"),
        ]
        return Suspicion(self, evidence, 0.8 if speaks == "for" else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [
            Remedy(Text("two hidden layers", "은닉층 두 개로"), shallower),
            Remedy(Text("skip connections", "스킵 연결(skip connection)"), with_skip),
        ]


_ALIKE = Text(
    "how alike examples look in the first layer and in the last hidden one", "첫 층과 마지막 은닉층에서 예제들이 서로 닮은 정도"
)
_FROM_TO = Text("{first:.3f}, {last:.3f}", "{first:.3f}, {last:.3f}")
_BELOW = Text("below 0.9, and gradients within a factor of 10", "0.9 미만이고 기울기의 비가 10 이내")
_LAYERS = Text("layers with weights", "가중치가 있는 층")
_FEW = Text("below 8 without normalisation or skips", "정규화나 스킵 연결 없이는 8 미만")
