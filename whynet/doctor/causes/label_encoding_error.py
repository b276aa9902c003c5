"""The labels are written in another way than the loss reads them."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.facts.targets import few_whole
from whynet.doctor.surgery.data import ranked, remapped
from whynet.registry import register
from whynet.text import Text, join, plain


@register(
    "cause",
    year=1995,
    source="Cortes and Vapnik, Support-vector networks (labels −1, +1); Cox (1958), The regression analysis of binary sequences (0, 1)",
    en="The loss reads 0 and 1 but the labels are −1 and 1 or 1 and 2, or the other way about.",
    ko="손실 함수는 0과 1로 읽는데 레이블이 −1과 1, 1과 2이거나 그 반대다.",
)
class LabelEncodingError(Cause):
    """−y log p − (1 − y) log(1 − p) is a likelihood for y in {0, 1} alone; max(0, 1 − y f) for y in {−1, +1} alone.

    With y = −1 or 2 the first falls without end as p goes to the end of its range; with y = 0 the second is 1 whatever f is, so one class
    teaches nothing. Both follow from the formula, so they are proved. Looked for among targets of few whole numbers; other values under
    such a loss are a wrong loss.
    """

    name = "label-encoding-error"
    title = Text("labels encoded differently than the loss reads them", "손실이 읽는 방식과 다르게 적은 레이블")
    explanation = Text(
        "Nothing fails: the formula takes any number. But for labels that it was not made for, its minimum lies at an answer that nobody "
        "wants, or one class has no say at all.",
        "오류는 나지 않는다. 식은 아무 수나 받기 때문이다. 그러나 식이 예상하지 않은 레이블이면 최솟값이 엉뚱한 답에 놓이거나, 한 클래스가 "
        "아무 말도 하지 못한다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        fact, found = loss_fact(seen), few_whole(seen)
        if found is None:
            return Suspicion(self, [], 0.0)
        wanted = {-1.0, 1.0} if fact.kind == "hinge_of_signs" else {0.0, 1.0} if fact.per_unit else None
        if wanted is None:
            return Suspicion(self, [], 0.0)
        wrong = not set(found) <= wanted
        shown = join([plain(f"{value:g}") for value in found], ", ")
        expected = join([plain(f"{value:g}") for value in sorted(wanted)], ", ")
        return Suspicion(self, [Evidence(_LABELS, shown, expected, "for" if wrong else "against")], float(wrong), proved=wrong)

    def remedies(self, seen: Examination) -> list[Remedy]:
        found = few_whole(seen)
        if found is None or self.look(seen).speaks != "for":
            return []
        if len(found) == 2 and loss_fact(seen).kind == "hinge_of_signs":
            return [
                Remedy(Text("labels −1 and 1", "레이블 −1과 1"), lambda recipe: remapped(recipe, -1.0, 1.0, "labels -1 and 1"))
            ]
        if len(found) == 2:
            return [Remedy(Text("labels 0 and 1", "레이블 0과 1"), lambda recipe: remapped(recipe, 0.0, 1.0, "labels 0 and 1"))]
        return [Remedy(Text("labels from 0 on", "0부터 매긴 레이블"), ranked)]


_LABELS = Text("the labels", "레이블")
