"""The inputs are so small that they hardly reach the network: scaled twice, or by too much."""

from __future__ import annotations

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.inputs import reaching
from whynet.doctor.scaling import standardised
from whynet.registry import register
from whynet.text import Text, plain

SMALL, FINE = 0.03, 0.1  # |mean| and spread of a feature
SHORT = 0.1  # mean squared length of an example


@register(
    "cause",
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp (1998), section 4.3",
    en="Inputs scaled twice are so small that the first layer hardly tells one example from another.",
    ko="두 번 나눈 입력은 너무 작아 첫 층이 예제를 거의 구별하지 못한다.",
)
class InputsOverNormalized(Cause):
    """The other end of inputs-not-normalized: curvature E[x xᵀ] far below that of standardised inputs.

    A feature with |m| and s below 0.03 has an eigenvalue of about m² + s² < 10⁻³: its weights learn a thousand times slower, and have to
    grow thirtyfold for the same effect. Many such features together can still carry the input (rows of length 1, as in tf-idf), so the
    mean squared length must be below 0.1 as well, where one standardised feature alone has 1. Pixels divided by 255 once have spreads
    of about 0.3, twice of 0.001. What the network scales itself (a norm at its entrance) is measured after that.
    """

    name = "inputs-over-normalized"
    title = Text("inputs scaled too small", "지나치게 작게 만든 입력")
    explanation = Text(
        "All examples look alike to the first layer, whose gradient is as small as the inputs are. Often data was divided by its range "
        "twice, in a loader and again in the program.",
        "첫 층에는 모든 예제가 똑같아 보이고, 기울기도 입력만큼 작다. 데이터를 읽을 때 한 번, 프로그램에서 또 한 번, 두 번 나눈 "
        "경우가 많다.",
    )
    place = "data"
    question = "input-scaling"

    def look(self, seen: Examination) -> Suspicion:
        found = reaching(seen)
        if found is None:
            return Suspicion(self, [], 0.0)
        largest = max(float(found.mean.abs().max()), float(found.spread.max()))
        small = largest < SMALL and found.length < SHORT
        speaks: Speaks = "for" if small else "against" if largest >= FINE or found.length >= 1 else "neither"
        evidence = [Evidence(_SIZE, plain(f"{largest:.2g}"), _ONE, speaks)]
        if small:
            evidence.append(Evidence(_LENGTH, plain(f"{found.length:.2g}"), plain("1"), "for"))
        return Suspicion(self, evidence, 0.9 if small else 0.0 if speaks == "against" else 0.2)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if self.look(seen).speaks == "against":
            return []
        return [Remedy(Text("standardised inputs", "표준화한 입력"), standardised)]


_SIZE = Text("largest mean or spread of a feature", "특성의 평균이나 퍼짐 가운데 가장 큰 값")
_ONE = Text("about 1", "1쯤")
_LENGTH = Text("mean squared length of an example", "예제 길이 제곱의 평균")
