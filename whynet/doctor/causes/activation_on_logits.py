"""An activation stands between the last layer and a loss that wants logits."""

from __future__ import annotations

import math

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import Ending, ending
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.surgery.output import with_ending
from whynet.registry import register
from whynet.text import Text, plain

BENT = ("relu", "softplus", "gelu", "silu", "mish", "elu", "selu", "exp", "clamp", "log_sigmoid")


@register(
    "cause",
    year=1990,
    source="Bridle, Probabilistic interpretation of feedforward classification network outputs",
    en="The loss expects logits of any size and sign, but an activation holds them on one side or within bounds.",
    ko="손실 함수는 크기와 부호가 자유로운 로짓(logit)을 기대하는데 활성화 함수가 한쪽이나 좁은 범위에 가둔다.",
)
class ActivationOnLogits(Cause):
    """Logits f in [a, b] give no class more odds than exp(b − a): −log softmax(f)_y ≥ log(1 + (K − 1) exp(a − b)).

    For ten classes that is 1.46 behind a sigmoid and 0.80 behind tanh, even for perfect answers; a bound on both sides is therefore
    proof. Behind relu and its like logits can still part upwards, but units below 0 get no gradient: a sign, which the trial decides;
    with one unit f ≥ 0 means p ≥ ½ for every example, so that one class can never be chosen, which again is proof. leaky_relu and
    prelu can be undone by the weights before them; log_softmax changes nothing that softmax sees.
    """

    name = "activation-on-logits"
    title = Text("activation on the logits", "로짓에 쓴 활성화")
    explanation = Text(
        "A loss on logits turns the numbers into probabilities itself and needs them free: far below zero for no, far above for yes. An "
        "activation in between takes that freedom away, so certain answers cannot be given and the gradient dies where it is flat.",
        "로짓을 받는 손실 함수는 스스로 확률로 바꾸므로 값이 자유로워야 한다. 아니면 0보다 훨씬 작게, 맞으면 훨씬 크게. 그 사이에 "
        "활성화 함수가 있으면 확신하는 답을 낼 수 없고, 평평한 곳에서는 기울기가 죽는다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        found = ending(seen)
        if loss_fact(seen).reads != "logits":
            return Suspicion(self, [Evidence(_LOSS, plain(loss_fact(seen).reads or "?"), plain("logits"), "against")], 0.0)
        single = seen.outputs.ndim == 1 or seen.outputs.shape[1] == 1
        applies = found.name not in ("softmax", "log_softmax")
        bounded = applies and found.bounded and found.is_activation
        bent = applies and found.name in BENT
        proved = bounded or (bent and single and (found.low >= 0 or found.high <= 0))
        speaks: Speaks = "for" if bounded or bent else "against" if found.name == "linear" or not applies else "neither"
        evidence = [Evidence(_ENDING, plain(found.name), _NONE, speaks)]
        if bounded:
            evidence.append(Evidence(_FLOOR, plain(f"{_floor(found, seen, single):.3g}"), plain("0"), "for"))
        return Suspicion(self, evidence, 1.0 if proved else 0.9 if bent else 0.0, proved=proved)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [
            Remedy(
                Text("logits: no output activation", "로짓: 출력 활성화 없음"), lambda recipe: with_ending(recipe, seen, None)
            )
        ]


def _floor(found: Ending, seen: Examination, single: bool) -> float:
    """The least loss of an example of the class that is worst off."""
    if single or loss_fact(seen).per_unit:
        return math.log1p(math.exp(max(found.low, -found.high)))
    return math.log1p((seen.outputs.shape[1] - 1) * math.exp(found.low - found.high))


_LOSS = Text("the loss reads the outputs as", "손실 함수가 출력을 읽는 방식")
_ENDING = Text("last operation before the loss", "손실 앞의 마지막 연산")
_NONE = Text("a linear layer", "선형 층")
_FLOOR = Text("lowest loss that this can reach", "이렇게 낼 수 있는 가장 작은 손실")
