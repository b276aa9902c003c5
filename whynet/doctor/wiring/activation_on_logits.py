"""An activation stands between the last layer and a loss that reads logits."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.tracing import READS_LOGITS
from whynet.text import Text, plain

BOUNDING = {
    "relu",
    "sigmoid",
    "tanh",
    "elu",
    "softplus",
    "hardtanh",
    "silu",
    "gelu",
    "logsigmoid",
}  # each keeps logits from a half-line


@wiring_fault(
    year=2019,
    source="PyTorch documentation of CrossEntropyLoss and BCEWithLogitsLoss: unbounded logits are expected",
    en="An activation bounds the logits that the loss expects to be free.",
    ko="손실이 기대하는 자유로운 로짓(logit)을 활성화 함수가 가둔다.",
)
class ActivationOnLogits(Fault):
    """The last operation before ``cross_entropy`` or ``binary_cross_entropy_with_logits`` is an activation bounded on one side or both.

    Proved by the graph. A sigmoid puts logits in (0, 1), so that the probability lies between 1/2 and 0.73 and "no" cannot be said;
    relu makes "no" at most an even guess for two classes, and where all logits are negative no gradient comes back. A scale after it
    (10 · tanh, to clip logits on purpose) is a different last operation and not accused, nor is softmax, which has a name of its own.
    """

    name = "activation-on-logits"
    title = Text("activation on the logits", "로짓에 걸린 활성화 함수")
    explanation = Text(
        "Logits may be any number: very negative means surely not. An activation after the last layer cuts part of that range off, "
        "and the answers in it cannot be given.",
        "로짓은 어떤 수든 될 수 있고, 큰 음수는 확실히 아니라는 뜻이다. 마지막 층 뒤의 활성화 함수가 그 범위 일부를 잘라 내면 "
        "거기 있는 답은 낼 수 없다.",
    )
    place = "output"

    def notice(self, loop: Loop) -> Suspicion:
        calls = [call for call in loop.calls if call.name in READS_LOGITS and call.training]
        if not calls:
            return self.nothing()
        guilty = next((call for call in calls if call.last_operation in BOUNDING), None)
        if guilty is None:
            return self.held([Evidence(_LAST.fill(loss=calls[0].name), _NONE, _NONE, "against")], 0.0)
        return self.held([Evidence(_LAST.fill(loss=guilty.name), plain(guilty.last_operation), _NONE, "for")], PROVED)

    def mend(self, loop: Loop) -> Mend:
        found = next((c.last_operation for c in loop.calls if c.last_operation in BOUNDING), "relu")
        return Mend(_MEND, (f"- return self.answer(x).{found}()", "+ return self.answer(x)"))


_LAST = Text("last operation before {loss}", "{loss} 앞의 마지막 연산")
_NONE = Text("no activation", "활성화 함수 없음")
_MEND = Text("end in a linear layer", "선형 층으로 끝낸다")
