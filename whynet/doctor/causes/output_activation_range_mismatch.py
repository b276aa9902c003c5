"""The targets lie where the output activation never gets."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import Ending, ending
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.facts.targets import classifies, train_targets
from whynet.doctor.surgery.output import with_ending
from whynet.registry import register
from whynet.text import Text, plain

CEILING, SHARE = 0.99, 0.05


@register(
    "cause",
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp (1998), section 4.5; Goodfellow et al., Deep Learning (2016), section 6.2.2",
    en="The output activation cannot reach the targets: relu is never negative, a sigmoid never above 1.",
    ko="출력 활성화가 목푯값에 닿지 못한다. relu는 음수가 될 수 없고 시그모이드는 1을 넘지 못한다.",
)
class OutputActivationRangeMismatch(Cause):
    """Targets outside the range [a, b] of the last operation, which no weights can reach.

    The best that can be done is the nearest end, which caps R² at 1 − Σ(y − clip(y, a, b))² / Σ(y − ȳ)². A cap of 0.99 and more with at
    most one target in twenty outside is taken for noise about the end of the range (counts of 0 measured as −0.01) and is no fault.
    For scores that have to be positive for one class and negative for the other (hinge), a range on one side of 0 leaves one class out.
    """

    name = "output-activation-range-mismatch"
    title = Text("targets out of the output's reach", "출력이 닿지 못하는 목푯값")
    explanation = Text(
        "Whatever the weights are, the last activation keeps the answer inside its own range. Targets outside of it can never be met; the "
        "network pushes towards the end of the range, where the activation is flat and no gradient is left.",
        "가중치가 무엇이든 마지막 활성화 함수는 답을 자기 범위 안에 가둔다. 범위 밖의 목푯값은 맞힐 수 없고, 네트워크는 범위의 끝으로 "
        "밀려가는데 그곳은 평평해서 기울기가 남지 않는다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "activations"

    def look(self, seen: Examination) -> Suspicion:
        found = ending(seen)
        if found.name == "other" or (found.low == -torch.inf and found.high == torch.inf) or found.along == 1:
            return Suspicion(self, [Evidence(_RANGE, plain(found.name), _ANY, "against")], 0.0)
        shown = _TO.fill(low=found.low, high=found.high, name=found.name)
        if classifies(seen):
            one_sided = loss_fact(seen).reads == "scores" and seen.fitted.loss.reads == "scores" and found.low >= 0
            hinge = loss_fact(seen).kind.startswith("hinge") or type(seen.fitted.loss).__name__ in ("Hinge", "Perceptron")
            wrong = one_sided and hinge and (seen.outputs.ndim == 1 or seen.outputs.shape[1] == 1)
            evidence = Evidence(_RANGE, shown, _BOTH_SIDES if wrong else _ANY, "for" if wrong else "against")
            return Suspicion(self, [evidence], 1.0 if wrong else 0.0, proved=wrong)
        y = train_targets(seen)
        share, ceiling = _unreachable(y, found)
        wrong = ceiling < CEILING or share > SHARE
        lie = _LIE.fill(low=float(y.min()), high=float(y.max()))
        evidence_list = [Evidence(_TARGETS, lie, shown, "for" if wrong else "against")]
        if wrong:
            evidence_list.append(Evidence(_OUTSIDE, plain(f"{share:.0%}"), plain("0 %"), "for"))
            evidence_list.append(Evidence(_CEILING, plain(f"{ceiling:.3g}"), plain("1"), "for"))
        return Suspicion(self, evidence_list, 1.0 if wrong else 0.0, proved=wrong)

    def remedies(self, seen: Examination) -> list[Remedy]:
        remedies = [Remedy(Text("no output activation", "출력 활성화 없음"), lambda recipe: with_ending(recipe, seen, None))]
        y = train_targets(seen)
        if y.is_floating_point() and bool((y >= 0).all()) and ending(seen).high < float(y.max()):
            remedies.append(Remedy(Text("relu output", "relu 출력"), lambda recipe: with_ending(recipe, seen, "relu")))
        return remedies


def _unreachable(y: Tensor, found: Ending) -> tuple[float, float]:
    """Share of the targets out of reach, and the R² of the nearest answers that can be given."""
    nearest = y.clamp(max(found.low, -1e300), min(found.high, 1e300))
    if (
        found.name == "softmax" and y.ndim == 2 and y.shape[1] > 1
    ):  # rows that add up to 1: off by what is missing, spread evenly
        nearest = nearest + (1 - nearest.sum(1, keepdim=True)) / y.shape[1]
    spread = (y - y.mean(0)).square().sum().clamp(min=1e-300)
    outside = (y - nearest).abs() > 1e-3 * y.std(correction=0)
    return float(outside.double().mean()), float(1 - (y - nearest).square().sum() / spread)


_RANGE = Text("range of the last operation", "마지막 연산의 범위")
_TO = Text("{low:.3g} to {high:.3g} ({name})", "{low:.3g}~{high:.3g}({name})")
_ANY = Text("one that holds the targets", "목푯값을 담는 범위")
_BOTH_SIDES = Text("both sides of 0, one for each class", "클래스마다 하나씩, 0의 양쪽")
_TARGETS = Text("the targets lie between", "목푯값이 놓인 범위")
_LIE = Text("{low:.3g} and {high:.3g}", "{low:.3g}~{high:.3g}")
_OUTSIDE = Text("targets that no weights can reach", "어떤 가중치로도 닿지 못하는 목푯값")
_CEILING = Text("highest R² within reach", "닿을 수 있는 가장 높은 R²")
