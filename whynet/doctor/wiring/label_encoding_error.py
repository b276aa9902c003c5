"""The cause `label-encoding-error`, as a loop shows it: whole-number labels that the loss has no meaning for."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Speaks, Suspicion
from whynet.doctor.causes.label_encoding_error import LabelEncodingError as FromRecipe
from whynet.doctor.fault import PROVED, Fault, Mend
from whynet.doctor.loop import Loop, LossCall
from whynet.doctor.reach import CLASSES, LIKELIHOODS, Targets
from whynet.text import Text, join, plain

MANY = 4  # labels for each class, at least, that hold no 0: as many without it by chance are one batch in fifty


class LabelEncodingError(Fault):
    """Whole numbers other than 0 and 1 under binary cross-entropy: −1 and 1, 1 and 2, 0 to K − 1.

    −y log p − (1 − y) log(1 − p) falls without end where y is outside of 0 … 1, so nothing is left to prove. Numbers that a weight of 0
    keeps out, and a loss that the loop itself still masks (``reduction="none"``), are left alone: −1 often marks a label that is missing.
    A loss that raises an error is heard as well: cross-entropy of K classes counts them from 0, so it refuses 1 to K; where labels from
    0 on are seen too there are more classes than outputs, which is another fault.
    """

    name = FromRecipe.name
    title = FromRecipe.title
    explanation = FromRecipe.explanation
    place = FromRecipe.place
    question = FromRecipe.question

    def notice(self, loop: Loop) -> Suspicion:
        looked = [(call, seen) for call, seen in loop.trained_towards if call.name in LIKELIHOODS | CLASSES]
        if not looked:
            return self.nothing()
        off = [(call, seen) for call, seen in looked if seen.outside]
        found = sorted({value for _, seen in off for value in seen.codes})
        wrong = bool(found) and all(_encoded(loop, call, seen) for call, seen in off)
        shown = (
            join([plain(f"{value:g}") for value in found], ", ") if found else _BETWEEN.fill(**_ends([s for _, s in looked]))
        )
        name = (off or looked)[0][0].name
        expected = _FROM_0 if name in CLASSES else _0_AND_1
        speaks: Speaks = "for" if wrong else "neither" if off else "against"
        return self.held([Evidence(_LABELS.fill(loss=name), shown, expected, speaks)], PROVED if wrong else 0.0)

    def mend(self, loop: Loop) -> Mend:
        off = [(call, seen) for call, seen in loop.trained_towards if seen.outside and seen.codes]
        found = sorted({value for _, seen in off for value in seen.codes})
        name = off[0][0].name if off else "binary_cross_entropy_with_logits"
        if name in CLASSES:
            return Mend(_FROM_0, (f"- F.{name}(output, y)", f"+ F.{name}(output, y - {min(found):g})"))
        if len(found) <= 2:
            return Mend(_0_AND_1, (f"- F.{name}(output, y)", f"+ F.{name}(output, (y == {max(found, default=1):g}).float())"))
        return Mend(_CLASSES, (f"- F.{name}(output, y)", f"+ F.cross_entropy(output, y.long())  # {len(found)} outputs"))


def _encoded(loop: Loop, call: LossCall, seen: Targets) -> bool:
    """Whether the labels are classes that are numbered otherwise; not more of them than there are outputs."""
    if call.name in LIKELIHOODS:
        return bool(seen.codes)
    classes = int(seen.reach[1]) + 1 if seen.reach else 0
    zero = any(one.labels is not None and bool((one.labels == 0).any()) for one in loop.calls)
    return 2 <= classes == seen.high and seen.low == 1 and seen.count >= MANY * classes and not zero


def _ends(seen: list[Targets]) -> dict[str, float]:
    return {"low": min(one.low for one in seen), "high": max(one.high for one in seen)}


_LABELS = Text("the labels that {loss} is given", "{loss}에 준 레이블")
_BETWEEN = Text("between {low:.3g} and {high:.3g}", "{low:.3g}에서 {high:.3g} 사이")
_0_AND_1 = Text("labels 0 and 1", "레이블 0과 1")
_FROM_0 = Text("labels from 0 on", "0부터 매긴 레이블")
_CLASSES = Text("a cross-entropy of classes", "클래스의 교차 엔트로피(cross-entropy)")
