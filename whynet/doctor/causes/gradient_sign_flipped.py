"""The loss is turned round: training makes it better at being wrong."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.surgery.loss import negated
from whynet.registry import register
from whynet.text import Text, plain


@register(
    "cause",
    year=1847,
    source="Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées: the step goes against the gradient",
    en="The sign of the loss is turned round, so every step climbs where it should descend.",
    ko="손실의 부호가 뒤집혀 내려가야 할 곳에서 올라간다.",
)
class GradientSignFlipped(Cause):
    """L = −c · (a known loss), c > 0, to 0.2 % on four draws of outputs: what is minimised is the opposite of what is meant. Proved.

    For a loss that is none of the known ones, a metric that training brought more than three standard errors below chance is the sign:
    to be worse than ignorance takes knowledge.
    """

    name = "gradient-sign-flipped"
    title = Text("sign of the gradient flipped", "뒤집힌 기울기 부호")
    explanation = Text(
        "Gradient descent takes small for good. With a minus too many (or one too few before a log-likelihood) it "
        "drives the network away from the targets, ever faster.",
        "경사 하강법(gradient descent)은 작을수록 좋다고 여기고 내려간다. 마이너스가 하나 많으면(또는 로그 우도 앞에 "
        "하나 모자라면) 네트워크를 목푯값에서 점점 더 빠르게 멀어지게 한다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "gradient-steepest"

    def look(self, seen: Examination) -> Suspicion:
        fact = loss_fact(seen)
        if fact.kind:
            turned = fact.factor < 0
            evidence = [
                Evidence(
                    _FACTOR.fill(kind=fact.kind.replace("_", " ")),
                    plain(f"{fact.factor:.3g}"),
                    _POSITIVE,
                    "for" if turned else "against",
                )
            ]
            return Suspicion(self, evidence, 1.0 if turned else 0.0, proved=turned)
        metric = seen.metric
        below = metric < seen.chance - seen.noise and not seen.rose and seen.fitted.dataset.task.kind == "classify"
        evidence = [Evidence(_METRIC, plain(f"{metric:.3g}"), plain(f"{seen.chance:.3g}"), "for" if below else "neither")]
        return Suspicion(self, evidence, 0.7 if below else 0.1)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if self.look(seen).speaks != "for":
            return []
        return [Remedy(Text("the loss with its sign turned round", "부호를 바꾼 손실"), lambda recipe: negated(recipe, seen))]


_FACTOR = Text("the loss, as a multiple of {kind}", "손실을 {kind}의 몇 배로 나타낸 값")
_POSITIVE = Text("above 0", "0보다 큼")
_METRIC = Text("the metric after training, against that of ignorance", "학습 뒤의 지표(아무것도 모를 때와 비교)")
