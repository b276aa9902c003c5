"""The network has more outputs than there are classes."""

from __future__ import annotations

from torch import nn

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.surgery.places import changed_model, leaves
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain

MANY = 2.0  # times the classes: from there on the start gives more than half of the probability to classes that do not exist


@register(
    "cause",
    year=1990,
    source="Bridle, Probabilistic interpretation of feedforward classification network outputs",
    en="More output units than classes: probability goes to classes that do not exist.",
    ko="출력 유닛이 클래스보다 많아 없는 클래스에 확률이 돌아간다.",
)
class WrongOutputUnits(Cause):
    """U units for K < U classes start at ln U instead of ln K, with a share of 1 − K/U of the probability where no example ever is.

    From U = 2K on that is more than half. Training can unlearn it, so it is a sign, and the trial decides. Fewer units than classes are
    refused with an error before any training, since the missing classes could never be named.
    """

    name = "wrong-output-units"
    title = Text("wrong number of output units", "맞지 않는 출력 유닛 수")
    explanation = Text(
        "Each class needs one output, or two classes share a single one. Outputs without a class only take probability away, and the "
        "network must first learn that they do not exist.",
        "클래스마다 출력이 하나씩 필요하고, 클래스가 둘이면 하나로도 된다. 클래스가 없는 출력은 확률을 가져가기만 하고, 네트워크는 그런 "
        "클래스가 없다는 것부터 배워야 한다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        task = seen.fitted.dataset.task
        units = seen.outputs.shape[1] if seen.outputs.ndim > 1 else 1
        if task.kind != "classify" or units <= task.outputs:
            return Suspicion(self, [Evidence(_UNITS, plain(str(units)), _AS_MANY.fill(n=task.outputs), "against")], 0.0)
        many = units >= MANY * task.outputs
        evidence = [Evidence(_UNITS, plain(str(units)), _AS_MANY.fill(n=task.outputs), "for" if many else "neither")]
        return Suspicion(self, evidence, 0.7 if many else 0.2)

    def remedies(self, seen: Examination) -> list[Remedy]:
        task = seen.fitted.dataset.task
        units = seen.outputs.shape[1] if seen.outputs.ndim > 1 else 1
        if task.kind != "classify" or units <= task.outputs:
            return []
        return [
            Remedy(
                Text("{n} output units", "출력 유닛 {n}개").fill(n=task.outputs),
                lambda recipe: _cut(recipe, units, task.outputs),
            )
        ]


def _cut(recipe: Recipe, units: int, wanted: int) -> Recipe | None:
    def change(whole: nn.Module) -> bool:
        places = [place for place in leaves(whole) if isinstance(place[2], nn.Linear) and place[2].out_features == units]
        if not places:
            return False
        parent, name, last = places[-1]
        assert isinstance(last, nn.Linear)
        setattr(parent, name, nn.Linear(last.in_features, wanted, bias=last.bias is not None))
        return True

    return changed_model(recipe, module=change, label=f"{wanted} outputs")


_UNITS = Text("output units", "출력 유닛")
_AS_MANY = Text("{n}, one a class", "클래스마다 하나씩 {n}개")
