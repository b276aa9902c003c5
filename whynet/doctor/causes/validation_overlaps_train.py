"""Examples that the network is judged by are among those it was trained on."""

from __future__ import annotations

import math
from collections import Counter
from typing import Literal

from torch import Tensor

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.engine.arm import load_data
from whynet.registry import register
from whynet.text import Text, plain

TINY = 20  # examples: so few are not split, and the doctor judges by the training itself
SLACK, ERRORS = 0.01, 5.0  # beyond what duplicates explain: share of the examples, and standard errors
UNSEEN = 3  # twins that a training set may have had though none came up, at 95 % (rule of three)


@register(
    "cause",
    year=2009,
    source="Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), section 7.10.2",
    en="Test examples that were trained on make memory look like knowledge.",
    ko="학습한 예제로 평가하면 외운 것이 아는 것처럼 보인다.",
)
class ValidationOverlapsTrain(Cause):
    """Share o of the validation and test inputs that equal a training input, number for number.

    Duplicates in the data explain some of it: of examples dealt out at random as large a share has a twin in the training set as training
    examples have one, d, three of which may not have come up (rule of three). The sets overlap where o > d + 0.01 + 5 √(d (1 − d)/n):
    counted, hence proved. There is no remedy to try: the metric after it is lower, and true.

    Whoever judges by the training examples themselves, all of them, has held nothing out, and nothing is mixed up: what is then measured
    is how well these are known, and the doctor compares like with like. So a set that is the training set (the same inputs, each as
    often) is left out of the count; a fault is only a share of a set that was meant to be apart.
    """

    name = "validation-overlaps-train"
    title = Text("validation overlaps training", "학습과 겹치는 검증 데이터")
    explanation = Text(
        "A network can learn examples by heart. Judged by those it looks better than it will be on anything new, "
        "and overfitting stays hidden.",
        "네트워크는 예제를 외울 수 있다. 외운 예제로 평가하면 새 예제에서보다 좋아 보이고 과적합(overfitting)이 드러나지 않는다.",
    )
    place = "data"

    def look(self, seen: Examination) -> Suspicion:
        found = _overlap(seen)
        if found == "all":
            return Suspicion(self, [Evidence(_SHARED, _ITSELF, _HELD_OUT, "neither")], 0.0)
        if found is None:
            return Suspicion(self, [Evidence(_SHARED, _TOO_FEW, plain("0 %"), "neither")], 0.0)
        overlap, twins, n = found
        most = twins + SLACK + ERRORS * math.sqrt(twins * (1 - twins) / n)
        wrong = overlap > most
        evidence = [
            Evidence(_SHARED, plain(f"{overlap:.1%}"), _AT_MOST.fill(most=f"{min(most, 1):.1%}"), "for" if wrong else "against")
        ]
        return Suspicion(self, evidence, float(wrong), proved=wrong)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return []


@remembered
def _overlap(seen: Examination) -> tuple[float, float, int] | Literal["all"] | None:
    """Share of what is judged by that equals a training input, share of training inputs that equal another, and how many were judged.

    "all" where every set is the training set itself; None where there is too little to tell.
    """
    dataset = load_data(seen.recipe) if seen.cut else seen.fitted.dataset  # samples of sets say nothing of the sets
    if len(dataset.train) < TINY:
        return None
    train = Counter(_rows(dataset.train.x))
    sets = [rows for part in (dataset.validation, dataset.test) if (rows := _rows(part.x))]
    apart = [rows for rows in sets if Counter(rows) != train]
    judged = [row for rows in apart for row in rows]
    if not judged:
        return "all" if sets else None
    twins = min(1.0, (sum(count for count in train.values() if count > 1) + UNSEEN) / train.total())
    return sum(row in train for row in judged) / len(judged), twins, len(judged)


def _rows(x: Tensor) -> list[int]:
    rows = x.reshape(len(x), -1).numpy()
    return [hash(row.tobytes()) for row in rows]


_SHARED = Text("validation and test examples that are training examples", "학습 예제이기도 한 검증·테스트 예제")
_ITSELF = Text("all of them: the training set itself judges", "전부. 학습 데이터 자체로 평가한다")
_HELD_OUT = Text("examples held out", "따로 떼어 둔 예제")
_TOO_FEW = Text("too few examples to split", "나누기에는 너무 적은 예제")
_AT_MOST = Text("at most {most}, from duplicates in the data", "데이터 안의 중복으로 설명되는 {most} 이하")
