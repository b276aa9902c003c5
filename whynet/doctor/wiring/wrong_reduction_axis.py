"""Softmax over the batch in place of the classes."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.text import Text


@wiring_fault(
    year=2019,
    source="PyTorch documentation of softmax: dim says along which axis the values sum to 1",
    en="Softmax runs over the batch, so the examples compete for a class in place of the classes for an example.",
    ko="softmax가 배치 축을 따라 계산되어 클래스가 아니라 예제들이 서로 경쟁한다.",
)
class WrongReductionAxis(Fault):
    """Outputs (N, K) that are not negative and sum to 1 down every column of the batch, and not along the rows.

    Proved by the values: N × K of them in general sum to 1 in neither direction. Also proved by a softmax with ``dim=0`` on outputs
    (N, K) in the loop. A single example, whose axis 0 is the classes, is not accused, nor is attention inside of the model.
    """

    name = "wrong-reduction-axis"
    title = Text("softmax over the wrong axis", "축이 틀린 softmax")
    explanation = Text(
        "Along axis 0 the probabilities of one class sum to 1 over the examples. An example's answer then depends on who else is in the "
        "batch, and its own classes do not compete at all.",
        "0번 축을 따르면 한 클래스의 확률이 예제들에 걸쳐 1이 된다. 예제의 답이 배치에 누가 함께 있느냐에 달리고, 정작 클래스끼리는 "
        "경쟁하지 않는다.",
    )
    place = "output"

    def notice(self, loop: Loop) -> Suspicion:
        outputs = [(one.rows_sum, one.columns_sum) for one in loop.outputs if len(one.shape) == 2 and min(one.shape) > 1]
        outputs += [(c.rows_sum, c.columns_sum) for c in loop.calls if len(c.input_shape) == 2 and min(c.input_shape) > 1]
        normalised = [
            o for o in loop.operations if o.name in ("softmax", "log_softmax") and len(o.shape) == 2 and min(o.shape) > 1
        ]
        if not outputs and not normalised:
            return self.nothing()
        columns = sum(down and not along for along, down in outputs)
        named = [o for o in normalised if o.axis in (0, -2)]
        evidence = []
        if outputs:
            guilty = columns > 0
            seen = _COLUMNS if guilty else _NOT
            evidence.append(Evidence(_SUM, seen, _ROWS, "for" if guilty else "against"))
        if normalised:
            evidence.append(Evidence(_AXIS, _ZERO if named else _OTHER, _LAST, "for" if named else "against"))
        return self.held(evidence, PROVED if columns or named else 0.0)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("- probabilities = logits.softmax(dim=0)", "+ probabilities = logits.softmax(dim=1)"))


_SUM = Text("outputs that sum to 1", "합이 1인 출력")
_COLUMNS = Text("over the batch, for every class", "클래스마다 배치에 걸쳐")
_NOT = Text("not over the batch", "배치에 걸쳐서는 아님")
_ROWS = Text("over the classes, if at all", "있다면 클래스에 걸쳐")
_AXIS = Text("axis of softmax on the outputs", "출력에 쓴 softmax의 축")
_ZERO = Text("0, the batch", "0, 배치")
_OTHER = Text("the classes", "클래스")
_LAST = Text("1, the classes", "1, 클래스")
_MEND = Text("softmax over the classes", "클래스 축으로 softmax를 계산한다")
