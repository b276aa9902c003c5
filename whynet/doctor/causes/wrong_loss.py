"""The loss is not the likelihood of the kind of targets there are."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import ending
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.facts.targets import classifies, few_whole, train_targets
from whynet.doctor.surgery.loss import with_likelihood
from whynet.registry import register
from whynet.text import Text, plain

SLACK = 1e-6


@register(
    "cause",
    year=1989,
    source="Solla, Levin and Fleisher, Accelerated learning in layered neural networks (1988); Bishop, Neural networks (1995), chapter 6",
    en="The loss measures something else than how likely the targets are: distances between classes, or logarithms of values.",
    ko="손실 함수가 목푯값의 가능도(likelihood)가 아닌 것을 잰다. 클래스 사이의 거리나 값의 로그 같은 것이다.",
)
class WrongLoss(Cause):
    """Classes come from a categorical distribution, whose likelihood is cross-entropy; values with normal noise from squared error.

    Squared error behind a sigmoid or softmax has the factor f (1 − f) in its gradient, which is 0 where the network is surely wrong
    (Solla et al. 1988). Absolute error seeks the median: the one of a class that has less than half of the examples is 0, so with three
    and more classes the best constant answer is none at all. Both can work all the same and are signs that the trial decides. Proved is a
    cross-entropy of values outside 0 … 1: its minimum does not lie at the target but at the end of the range, or nowhere.
    """

    name = "wrong-loss"
    title = Text("wrong loss", "맞지 않는 손실 함수")
    explanation = Text(
        "A loss is a statement about how targets come about. Cross-entropy corrects a sure mistake with full force; a distance between "
        "classes hardly corrects it at all, because the output is flat there.",
        "손실 함수는 목푯값이 어떻게 생겨나는지에 대한 말이다. 교차 엔트로피(cross-entropy)는 확신한 실수를 온 힘으로 고치지만, "
        "클래스 사이의 거리는 출력이 평평한 곳이라 거의 고치지 못한다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "mse-or-likelihood"

    def look(self, seen: Examination) -> Suspicion:
        fact = loss_fact(seen)
        shown = plain(fact.kind.replace("_", " ") or fact.reads or "?")
        if classifies(seen):
            if fact.kind in ("mse", "mae") or (not fact.kind and fact.reads == "values"):
                flat = ending(seen).is_activation or fact.kind == "mae"
                return Suspicion(self, [Evidence(_LOSS, shown, _CLASSES, "for")], 0.7 if flat else 0.5)
            return Suspicion(
                self, [Evidence(_LOSS, shown, _CLASSES, "against" if fact.reads else "neither")], 0.0 if fact.reads else 0.1
            )
        y = train_targets(seen)
        outside = float(((y < -SLACK) | (y > 1 + SLACK)).double().mean())
        if fact.reads in ("probabilities", "log-probabilities", "logits"):
            wrong = outside > 0 and few_whole(seen) is None  # classes written otherwise are an encoding error
            evidence = [
                Evidence(_LOSS, shown, _VALUES, "for" if wrong else "neither"),
                Evidence(
                    _OUTSIDE, plain(f"{outside:.0%}"), plain("0 %"), "for" if wrong else "neither" if outside else "against"
                ),
            ]
            return Suspicion(self, evidence, 1.0 if wrong else 0.0, proved=wrong)
        return Suspicion(
            self, [Evidence(_LOSS, shown, _VALUES, "against" if fact.reads else "neither")], 0.0 if fact.reads else 0.1
        )

    def remedies(self, seen: Examination) -> list[Remedy]:
        title = (
            Text("cross-entropy", "교차 엔트로피(cross-entropy)") if classifies(seen) else Text("squared error", "제곱 오차")
        )
        return [Remedy(title, lambda recipe: with_likelihood(recipe, seen))]


_LOSS = Text("the loss", "손실 함수")
_CLASSES = Text("cross-entropy, the likelihood of classes", "클래스의 가능도인 교차 엔트로피")
_VALUES = Text("squared error, the likelihood of values", "값의 가능도인 제곱 오차")
_OUTSIDE = Text("targets outside 0 to 1", "0~1 밖의 목푯값")
