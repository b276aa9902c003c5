"""Softmax is applied twice: once by the network, once inside the loss."""

from __future__ import annotations

import math

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import ending
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.surgery import looks_like_probabilities
from whynet.doctor.surgery.loss import changed_loss
from whynet.doctor.surgery.output import with_ending
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain


@register(
    "cause",
    year=2019,
    source="PyTorch documentation of CrossEntropyLoss: the input is expected to contain unnormalised logits",
    en="The network ends in softmax, but the loss expects logits and applies softmax again.",
    ko="네트워크가 softmax로 끝나는데 손실 함수는 로짓(logit)을 기대하고 softmax를 한 번 더 적용한다.",
)
class SoftmaxBeforeLogitsLoss(Cause):
    """The outputs are probabilities p, and the loss computes −log softmax(p)_y.

    Since p lies between 0 and 1, the loss can never fall below log(1 + (K − 1)/e): 1.46 for ten classes, even for perfect answers, and
    its gradient is weak everywhere. Outputs that are not negative and sum to one for every example are no accident.
    """

    name = "softmax-before-logits-loss"
    title = Text("softmax before a loss on logits", "로짓용 손실 앞의 softmax")
    explanation = Text(
        "The loss turns its inputs into probabilities itself. Given probabilities, it squeezes them a second time: the most certain answer "
        "still costs much, and the gradient that should correct a wrong one is small.",
        "손실 함수는 받은 값을 스스로 확률로 바꾼다. 이미 확률인 값을 받으면 한 번 더 눌러서, 가장 확실한 답도 손실이 크고 "
        "틀린 답을 고쳐야 할 기울기는 작다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        reads, outputs = loss_fact(seen).reads, seen.outputs
        probabilities = looks_like_probabilities(outputs)
        if reads != "logits":
            return Suspicion(self, [Evidence(_LOSS, plain(reads or "?"), plain("logits"), "against")], 0.0)
        evidence = [Evidence(_OUTPUTS, _YES if probabilities else _NO, _NO, "for" if probabilities else "against")]
        if probabilities:
            floor = math.log(1 + (outputs.shape[1] - 1) / math.e)
            evidence.append(Evidence(_FLOOR, plain(f"{floor:.3g}"), plain("0"), "for"))
        proved = probabilities and ending(seen).name == "softmax"
        return Suspicion(self, evidence, 1.0 if probabilities else 0.0, proved=proved)

    def remedies(self, seen: Examination) -> list[Remedy]:
        def on_probabilities(recipe: Recipe) -> Recipe | None:
            return changed_loss(recipe, seen, "nll_of_probabilities")

        def on_logits(recipe: Recipe) -> Recipe | None:
            return with_ending(recipe, seen, None)

        return [
            Remedy(Text("logits: no output activation", "로짓: 출력 활성화 없음"), on_logits),
            Remedy(Text("a loss on probabilities", "확률을 받는 손실"), on_probabilities),
        ]


_LOSS = Text("the loss reads the outputs as", "손실 함수가 출력을 읽는 방식")
_OUTPUTS = Text("outputs are probabilities already", "출력이 이미 확률이다")
_YES = Text("yes: not negative, rows sum to 1", "그렇다: 음수가 없고 행의 합이 1")
_NO = Text("no", "아니다")
_FLOOR = Text("least loss that perfect answers could reach", "완벽한 답이 낼 수 있는 가장 작은 손실")
