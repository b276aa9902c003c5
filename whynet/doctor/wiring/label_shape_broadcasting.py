"""Predictions (N, 1) against targets (N,): every prediction is compared with every target."""

from __future__ import annotations

import math

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.tracing import ELEMENTWISE
from whynet.text import Text, plain


@wiring_fault(
    year=2019,
    source="PyTorch documentation: broadcasting semantics; the warning of mse_loss",
    en="Predictions of shape (N, 1) and targets of shape (N,) are compared all with all.",
    ko="(N, 1) 모양의 예측과 (N,) 모양의 타깃이 서로 전부와 비교된다.",
)
class LabelShapeBroadcasting(Fault):
    """Broadcasting (N, 1) with (N,) gives (N, N) differences, whose least mean square has every prediction at the mean target.

    Proved by shapes: what the loss compares has more entries than either side. Equal shapes, (N, 1) with (N, 1), and a target of a
    single value are not accused; nor is a comparison of the outputs with themselves, as contrastive losses make.
    """

    name = "label-shape-broadcasting"
    title = Text("prediction and target of different shape", "모양이 다른 예측과 타깃")
    explanation = Text(
        "Shapes that differ are stretched to fit: a column of N predictions against a row of N targets becomes a table of N × N "
        "differences. The loss is least where every prediction is the mean of all targets, so the network learns a constant.",
        "모양이 다르면 서로 맞게 늘어난다. 예측 N개의 열과 타깃 N개의 행은 N × N 차이의 표가 된다. 모든 예측이 타깃 전체의 평균일 때 "
        "손실이 가장 작으므로 네트워크는 상수를 배운다.",
    )
    place = "output"

    def notice(self, loop: Loop) -> Suspicion:
        pairs = [(c.input_shape, c.target_shape) for c in loop.calls if c.name in ELEMENTWISE]
        pairs += [
            (o.shape, o.other_shape)
            for o in loop.operations
            if o.name in ("sub", "mul") and o.other_shape is not None and not o.other_followed and "eq" not in o.after
        ]
        if not pairs:
            return self.nothing()
        wrong = [pair for pair in pairs if broadcasts(*pair)]
        given, target = (wrong or pairs)[0]
        seen = _AGAINST.fill(given=shape(given), target=shape(target))
        return self.held([Evidence(_SHAPES, seen, _EQUAL, "for" if wrong else "against")], PROVED if wrong else 0.0)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("- loss = loss_fn(model(x), y)", "+ loss = loss_fn(model(x).squeeze(-1), y)"))


def broadcasts(given: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether as many predictions as targets are stretched to a table of all against all."""
    if given == target or math.prod(given) != math.prod(target) or math.prod(given) < 2:
        return False
    height = max(len(given), len(target))
    one, two = (1,) * (height - len(given)) + given, (1,) * (height - len(target)) + target
    fits = all(a == b or 1 in (a, b) for a, b in zip(one, two, strict=True))
    return fits and math.prod(map(max, one, two)) > math.prod(given)


def shape(of: tuple[int, ...]) -> Text:
    """A shape for the reader."""
    return plain(f"({', '.join(map(str, of))}{',' if len(of) == 1 else ''})")


_SHAPES = Text("shapes that the loss compares", "손실이 비교하는 모양")
_AGAINST = Text("{given} against {target}", "{given} 대 {target}")
_EQUAL = Text("the same", "같음")
_MEND = Text("give both the same shape", "둘의 모양을 같게 한다")
