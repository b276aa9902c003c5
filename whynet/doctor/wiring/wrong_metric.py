"""Right answers are counted wrongly."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop, Operation
from whynet.doctor.tracing import OF_CLASSES, RESHAPES
from whynet.doctor.wiring.label_shape_broadcasting import broadcasts, shape
from whynet.text import Text, plain

ROUNDED = 0.01  # by which a reported accuracy may differ, being rounded
DECIDED = {"argmax", "max", "topk", "round", "gt", "ge", "lt", "le", "sign", "long", "int", "bool"}


@wiring_fault(
    year=2019,
    source="PyTorch documentation of argmax and eq; scikit-learn documentation of accuracy_score",
    en="The accuracy is computed wrongly: the network may be better or worse than it says.",
    ko="정확도를 잘못 계산해 네트워크가 실제보다 좋거나 나빠 보인다.",
)
class WrongMetric(Fault):
    """Accuracy is the share of examples whose greatest output, along the classes, is the label.

    Proved by what the loop does with the outputs (N, K): the greatest along axis 0 names an example, not a class; outputs that are no
    decisions yet compared with labels by ``==`` are hardly ever equal; (N, 1) compared with (N,) compares all with all. Proved too
    where an accuracy passed to ``note`` differs from the share of right answers counted in the same evaluation by more than 0.01 and more
    than a smaller last batch explains (one over the number of batches).
    """

    name = "wrong-metric"
    title = Text("accuracy computed wrongly", "잘못 계산한 정확도")
    explanation = Text(
        "A metric that counts the wrong thing hides whether the network learns: the fault is in the measuring, not in the network.",
        "엉뚱한 것을 세는 지표는 네트워크가 배우는지를 가린다. 잘못은 네트워크가 아니라 재는 데 있다.",
    )
    place = "output"

    def notice(self, loop: Loop) -> Suspicion:
        evidence, strength = [], 0.0
        classes = any(call.name in OF_CLASSES for call in loop.calls)
        choices = [o for o in loop.operations if o.name in ("argmax", "max") and len(o.shape) == 2 and o.axis is not None]
        wrong_axis = [o for o in choices if o.axis in (0, -2) and min(o.shape) > 1]
        if choices and classes:
            evidence.append(
                Evidence(_AXIS, plain("0") if wrong_axis else plain("1"), plain("1"), "for" if wrong_axis else "against")
            )
            strength = PROVED if wrong_axis else 0.0
        equalities = [o for o in loop.operations if o.name == "eq" and o.other_shape is not None and not o.other_followed]
        raw = [o for o in equalities if _undecided(o)]
        if equalities:
            evidence.append(Evidence(_COMPARED, _RAW if raw else _DECISIONS, _DECISIONS, "for" if raw else "against"))
            stretched = [o for o in equalities if broadcasts(o.shape, o.other_shape or ())]
            if stretched:
                pair = _AGAINST.fill(a=shape(stretched[0].shape), b=shape(stretched[0].other_shape or ()))
                evidence.append(Evidence(_SHAPES, pair, _SAME, "for"))
            if raw or stretched:
                strength = PROVED
        for one in loop.reported:
            value = one.said / 100 if 1 < one.said <= 100 else one.said
            off = abs(value - one.measured) > max(ROUNDED, 1 / one.batches if one.batches > 1 else 0.0)
            seen = _SAID.fill(said=value, measured=one.measured)
            evidence.append(Evidence(_REPORTED, seen, _SAME, "for" if off else "against"))
            strength = PROVED if off else strength
        return self.held(evidence, strength)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("+ right += (model(x).argmax(dim=1) == y).sum().item()", "+ accuracy = right / len(dataset)"))


def _undecided(one: Operation) -> bool:
    """Numbers of many values compared with whole numbers: neither decided nor rounded on the way."""
    return (
        one.floating
        and one.other_floating is False
        and not set(one.after) & DECIDED
        and set(one.after) <= RESHAPES | {"sigmoid", "softmax", "log_softmax"}
    )


_AXIS = Text("axis along which the greatest output is looked for", "가장 큰 출력을 찾는 축")
_COMPARED = Text("what is compared with the labels", "레이블과 비교하는 것")
_RAW = Text("outputs with decimals", "소수인 출력 그대로")
_DECISIONS = Text("decisions", "결정한 답")
_SHAPES = Text("shapes compared", "비교하는 모양")
_AGAINST = Text("{a} against {b}", "{a} 대 {b}")
_SAME = Text("the same", "같음")
_REPORTED = Text("accuracy reported, and counted here", "보고한 정확도와 여기서 센 정확도")
_SAID = Text("{said:.3f}, {measured:.3f}", "{said:.3f}, {measured:.3f}")
_MEND = Text("count the examples whose greatest output is the label", "가장 큰 출력이 레이블인 예제를 센다")
