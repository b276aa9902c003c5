"""Rare classes are never answered: the common ones pay better."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.outputs import trained_answers
from whynet.doctor.facts.sets import train_sample
from whynet.doctor.surgery.data import balanced
from whynet.registry import register
from whynet.text import Text, plain

UNEVEN = 5.0  # largest class over smallest
MISSED, FOUND = 0.2, 0.5  # recall of the rare classes


@register(
    "cause",
    year=2002,
    source="Japkowicz and Stephen, The class imbalance problem (2002); He and Garcia, Learning from imbalanced data (2009)",
    en="One class has most of the examples, and the network answers it to everything.",
    ko="예제 대부분이 한 클래스라 네트워크가 무엇에든 그 클래스라고 답한다.",
)
class ClassImbalance(Cause):
    """Largest class over smallest, and what becomes of the rare ones: those with less than half of an even share.

    Uneven classes alone are no fault: a network that finds the rare ones has learned them, so a recall of one half and more speaks
    against. From 5 to 1 on (5/6 of two classes) the gradient of a step is mostly that of the common class (He and Garcia 2009, where
    moderate imbalance begins about there); with a recall below 0.2 on the very examples it was trained on, it has won. The remedy draws
    every class equally often.
    """

    name = "class-imbalance"
    title = Text("unbalanced classes", "불균형한 클래스")
    explanation = Text(
        "Where nine of ten examples are of one class, answering it always is right nine times of ten. The few others are outvoted in every "
        "step. Weigh classes in the loss, or draw each equally often.",
        "열에 아홉이 한 클래스면 늘 그 답만 해도 열에 아홉은 맞는다. 나머지는 걸음마다 표결에서 진다. 손실에서 클래스에 가중치를 주거나 "
        "클래스마다 같은 수를 뽑는다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES

    def look(self, seen: Examination) -> Suspicion:
        task = seen.fitted.dataset.task
        if task.kind != "classify":
            return Suspicion(self, [], 0.0)
        labels = seen.fitted.dataset.train.y
        counts = labels.bincount(minlength=task.outputs)
        present = counts[counts > 0]
        ratio = float(present.max()) / float(present.min())
        if ratio < UNEVEN or len(present) < 2:
            return Suspicion(self, [Evidence(_RATIO, plain(f"{ratio:.2g}"), _BELOW, "against")], 0.0)
        rare = (counts > 0) & (counts < len(labels) / (2 * len(present)))
        y = train_sample(seen)[1]
        asked = rare[y]
        recall = 0.0 if seen.diverged or not asked.any() else float((trained_answers(seen)[asked] == y[asked]).double().mean())
        speaks: Speaks = (
            "neither" if seen.diverged else "for" if recall < MISSED else "against" if recall >= FOUND else "neither"
        )
        evidence = [
            Evidence(_RATIO, plain(f"{ratio:.2g}"), _BELOW, "for" if speaks == "for" else "neither"),
            Evidence(_RECALL, plain(f"{recall:.0%}"), _HALF, speaks),
        ]
        return Suspicion(self, evidence, 0.7 if speaks == "for" else 0.0 if speaks == "against" else 0.2)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if self.look(seen).speaks == "against" or seen.fitted.dataset.task.kind != "classify":
            return []
        return [Remedy(Text("classes drawn equally often", "클래스마다 같은 수를 뽑은 데이터"), balanced)]


_RATIO = Text("largest class over the smallest", "가장 큰 클래스를 가장 작은 클래스로 나눈 값")
_BELOW = Text("below 5", "5 미만")
_RECALL = Text("training examples of rare classes that are recognised", "알아본 드문 클래스의 학습 예제")
_HALF = Text("half of them and more", "절반 이상")
