"""The targets belong to other inputs: one list was shifted, turned round or sorted against the other."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.alignment import KNOWN, alignment
from whynet.doctor.surgery.data import shifted, turned
from whynet.registry import register
from whynet.text import Text, plain

GAIN = 0.3  # of the way from guessing to knowing, which aligned targets must gain


@register(
    "cause",
    year=1967,
    source="Cover and Hart, Nearest neighbor pattern classification: neighbours of one class share labels, if labels are theirs",
    en="Inputs and targets were taken from two lists that do not run side by side.",
    ko="입력과 목푯값을 가져온 두 목록이 나란하지 않다.",
)
class LabelsMisaligned(Cause):
    """What an example's ten nearest neighbours say of its target, with the targets as they are, shifted by up to five, and turned round.

    Aligned targets are shared by neighbours, whatever the network. The fault is shown where the targets as they are tell next to nothing
    (at most a tenth of the way from guessing to knowing) and another alignment tells far more (by three tenths; the standard error of the
    share with 1,000 examples is 0.016, so that a dozen tries by chance stay below 0.05). Targets shuffled at random look like noise, and
    nothing here can bring them back: then nothing is said.
    """

    name = "labels-misaligned"
    title = Text("targets out of step with inputs", "입력과 어긋난 목푯값")
    explanation = Text(
        "Every input carries the answer of another one. To the network that is noise: it can only learn by heart. It happens where one of "
        "two lists lost a row, was sorted, or was read backwards.",
        "모든 입력에 다른 입력의 답이 붙어 있다. 네트워크에는 잡음이라 외우는 수밖에 없다. 두 목록 가운데 하나에서 행이 빠지거나, "
        "정렬되거나, 거꾸로 읽혔을 때 생긴다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES

    def look(self, seen: Examination) -> Suspicion:
        found = alignment(seen)
        if found is None:
            return Suspicion(self, [Evidence(_TOLD, _TOO_FEW, _MUCH, "neither")], 0.0)
        wrong = found.now < KNOWN and found.best > found.now + GAIN
        evidence = [
            Evidence(_TOLD, plain(f"{found.now:.0%}"), _MUCH, "for" if wrong else "against" if found.now > KNOWN else "neither")
        ]
        if wrong:
            where = _TURNED if found.places is None else _PLACES.fill(places=found.places)
            evidence.append(Evidence(where, plain(f"{found.best:.0%}"), _LESS, "for"))
        return Suspicion(self, evidence, 0.95 if wrong else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        found = alignment(seen)
        if found is None or self.look(seen).speaks != "for":
            return []
        if found.places is None:
            return [Remedy(Text("targets turned round", "거꾸로 돌린 목푯값"), turned)]
        title = Text("targets shifted by {places}", "{places}칸 옮긴 목푯값").fill(places=found.places)
        return [Remedy(title, lambda recipe: shifted(recipe, found.places or 0))]


_TOLD = Text("what neighbours tell of an example's target", "이웃이 예제의 목푯값에 대해 알려 주는 정도")
_TOO_FEW = Text("not to be told", "알 수 없음")
_MUCH = Text("more than 10 %", "10 % 초과")
_PLACES = Text("the same with targets shifted by {places}", "목푯값을 {places}칸 옮겼을 때")
_TURNED = Text("the same with targets turned round", "목푯값을 거꾸로 돌렸을 때")
_LESS = Text("less than as they are", "있는 그대로일 때보다 적음")
