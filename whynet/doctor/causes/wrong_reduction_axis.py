"""A softmax adds up over the examples of a batch where it should add up over the classes."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import ending
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.surgery.loss import changed_loss
from whynet.doctor.surgery.output import with_ending
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text


@register(
    "cause",
    year=2019,
    source="PyTorch documentation of softmax: dim, a dimension along which softmax will be computed",
    en="Softmax shares out probability among the examples of a batch, so answers depend on who else is in it.",
    ko="softmax가 확률을 클래스가 아니라 배치의 예제들에 나누어 주어, 답이 함께 있는 예제에 따라 달라진다.",
)
class WrongReductionAxis(Cause):
    """Σ_b p_bk = 1 in place of Σ_k p_bk = 1: the axis is read off the graph of the forward pass, or off the loss's own values."""

    name = "wrong-reduction-axis"
    title = Text("softmax over the wrong axis", "잘못된 축의 softmax")
    explanation = Text(
        "The outputs of one class add up to 1 over the batch, those of one example to anything. Examples compete with each other for a "
        "class, and the same example gets another answer in another batch.",
        "한 클래스의 출력을 배치 전체에서 더하면 1이지만 한 예제의 출력은 합이 제멋대로다. 예제끼리 클래스를 두고 다투고, 같은 예제라도 "
        "배치가 바뀌면 답이 바뀐다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        found, fact = ending(seen), loss_fact(seen)
        several = seen.outputs.ndim > 1
        ends = found.name in ("softmax", "log_softmax") and found.axis == 0 and several
        loses = fact.kind == "cross_entropy_over_the_batch"
        if ends or loses:
            return Suspicion(self, [Evidence(_AXIS, _EXAMPLES, _CLASSES, "for")], 1.0, proved=True)
        return Suspicion(self, [Evidence(_AXIS, _NOT_EXAMPLES, _CLASSES, "against")], 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if loss_fact(seen).kind == "cross_entropy_over_the_batch":
            return [Remedy(_MENDED, lambda recipe: changed_loss(recipe, seen, "cross_entropy"))]
        if ending(seen).name == "softmax":
            return [Remedy(_MENDED, lambda recipe: with_ending(recipe, seen, "softmax"))]

        def on_logits(recipe: Recipe) -> Recipe | None:  # log_softmax before it would change nothing
            changed = with_ending(recipe, seen, None)
            return changed_loss(changed, seen, "cross_entropy") if changed else None

        return [Remedy(_MENDED, on_logits)]


_AXIS = Text("softmax adds up to 1 over", "softmax의 합이 1인 방향")
_EXAMPLES = Text("the examples of the batch", "배치의 예제")
_NOT_EXAMPLES = Text("not the examples", "예제 방향이 아님")
_CLASSES = Text("the classes", "클래스")
_MENDED = Text("softmax over the classes", "클래스 방향의 softmax")
