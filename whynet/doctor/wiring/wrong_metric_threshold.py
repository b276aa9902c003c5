"""Yes and no are told apart at the wrong value."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import LIKELY, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop, Operation
from whynet.doctor.tracing import RESHAPES
from whynet.text import Text, plain

COMPARISONS = ("gt", "ge", "lt", "le")


@wiring_fault(
    year=2019,
    source="PyTorch documentation of BCEWithLogitsLoss: the probability is sigmoid(logit), one half at 0",
    en="Outputs are cut at a value that is not one half of the probability.",
    ko="출력을 확률 1/2이 아닌 값에서 자른다.",
)
class WrongMetricThreshold(Fault):
    """p > 1/2 is logit > 0, for p = σ(logit) = 1/2 at 0.

    Proved: outputs that the loss reads as logits are cut at 0.5 (or rounded, which cuts there too), which is p > 0.62; or
    probabilities, all within 0 and 1, are cut at a value that none of them can lie below (0 or less) or above (1 or more). Any
    threshold strictly between is a choice: one far from a half may be meant, so it is not
    accused; and so is a logit cut elsewhere than at 0 and 0.5.
    """

    name = "wrong-metric-threshold"
    title = Text("wrong threshold for yes and no", "예와 아니요를 가르는 잘못된 문턱값")
    explanation = Text(
        "A logit of 0 is a probability of one half. Cut at 0.5, logits between are counted as no although the network says yes; "
        "cut at 0, probabilities all are yes.",
        "로짓(logit) 0이 확률 1/2이다. 0.5에서 자르면 그 사이의 로짓은 네트워크가 예라고 해도 아니요로 센다. "
        "확률을 0에서 자르면 모두 예가 된다.",
    )
    place = "output"

    def notice(self, loop: Loop) -> Suspicion:
        of_logits = any(call.name == "binary_cross_entropy_with_logits" and not call.last_operation for call in loop.calls)
        of_probabilities = any(call.name == "binary_cross_entropy" for call in loop.calls)
        cuts = [o for o in loop.operations if (o.name in COMPARISONS and o.number is not None) or o.name == "round"]
        cuts = [o for o in cuts if o.floating and set(o.after) <= RESHAPES | {"sigmoid"}]
        if not cuts or not (of_logits or of_probabilities):
            return self.nothing()
        for cut in cuts:
            squeezed = "sigmoid" in cut.after or (of_probabilities and not of_logits)
            value = 0.5 if cut.name == "round" else float(cut.number or 0.0)
            wrong = _never_splits(cut, value) if squeezed else value == 0.5
            if wrong:
                what = _PROBABILITIES if squeezed else _LOGITS
                expected = plain("0.5") if squeezed else plain("0")
                sure = not squeezed or (cut.spread[0] >= 0 and cut.spread[1] <= 1)
                return self.held([Evidence(what, plain(f"{value:g}"), expected, "for")], PROVED if sure else LIKELY)
        return self.held([Evidence(_CUT, _FITS, _FITS, "against")], 0.0)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("- right += ((model(x) > 0.5) == y).sum()", "+ right += ((model(x) > 0) == y).sum()  # logits"))


def _never_splits(cut: Operation, value: float) -> bool:
    return cut.name != "round" and (value <= 0 or value >= 1)


_LOGITS = Text("value at which logits are cut", "로짓을 자르는 값")
_PROBABILITIES = Text("value at which probabilities are cut", "확률을 자르는 값")
_CUT = Text("value at which outputs are cut", "출력을 자르는 값")
_FITS = Text("one that fits what they are", "출력의 뜻에 맞는 값")
_MEND = Text("cut logits at 0, probabilities at 0.5", "로짓은 0, 확률은 0.5에서 자른다")
