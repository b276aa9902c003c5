"""A softmax over a single unit is 1, whatever goes in."""

from __future__ import annotations

import torch

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import ending
from whynet.doctor.facts.targets import classifies
from whynet.doctor.surgery.output import with_ending
from whynet.registry import register
from whynet.text import Text, plain


@register(
    "cause",
    year=1990,
    source="Bridle, Probabilistic interpretation of feedforward classification network outputs",
    en="Softmax over one unit divides a number by itself: the answer is always 1, and no gradient comes back.",
    ko="유닛 하나에 softmax를 쓰면 수를 자기 자신으로 나누게 된다. 답은 늘 1이고 기울기는 0이다.",
)
class SoftmaxOnSingleUnit(Cause):
    """exp(z) / exp(z) = 1 and its derivative is 0: follows from how the network is built, so nothing has to be measured."""

    name = "softmax-on-single-unit"
    title = Text("softmax over a single unit", "유닛 하나에 쓴 softmax")
    explanation = Text(
        "Softmax shares out a probability of 1 among the units. A single unit always gets all of it: the network answers 1 to every "
        "example and its weights receive no gradient. A sigmoid turns one number into a probability; values need no activation.",
        "softmax는 확률 1을 유닛들에 나누어 준다. 유닛이 하나면 늘 전부를 받으므로 네트워크는 모든 예제에 1이라고 답하고 가중치는 "
        "기울기를 받지 못한다. 수 하나를 확률로 바꾸는 것은 시그모이드(sigmoid)이고, 값을 예측할 때는 활성화가 필요 없다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        found = ending(seen)
        single = found.name in ("softmax", "log_softmax") and found.along == 1
        constant = bool((seen.outputs == (1.0 if found.name == "softmax" else 0.0)).all()) if single else False
        evidence = [
            Evidence(_UNITS, plain(str(found.along)), _MORE, "for")
            if single
            else Evidence(_ENDING, plain(found.name), _OTHER, "against")
        ]
        if single:
            distinct = len(torch.unique(seen.outputs))
            evidence.append(Evidence(_ANSWERS, plain(str(distinct)), _MANY, "for" if constant else "neither"))
        return Suspicion(self, evidence, 1.0 if single else 0.0, proved=single)

    def remedies(self, seen: Examination) -> list[Remedy]:
        reads = seen.fitted.loss.reads
        if classifies(seen) and reads not in ("logits", "scores"):
            return [Remedy(Text("sigmoid output", "시그모이드 출력"), lambda recipe: with_ending(recipe, seen, "sigmoid"))]
        return [Remedy(Text("no output activation", "출력 활성화 없음"), lambda recipe: with_ending(recipe, seen, None))]


_UNITS = Text("units that the softmax shares out among", "softmax가 나누어 주는 유닛 수")
_MORE = Text("2 or more", "2개 이상")
_ENDING = Text("last operation", "마지막 연산")
_OTHER = Text("no softmax over one unit", "유닛 하나에 쓴 softmax가 아님")
_ANSWERS = Text("different answers to all examples", "모든 예제에 대한 서로 다른 답의 수")
_MANY = Text("many", "여럿")
