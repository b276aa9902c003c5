"""The loss expects probabilities, but nothing makes the outputs into any."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion, strength
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import ending
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.facts.targets import classifies
from whynet.doctor.surgery.loss import with_likelihood
from whynet.doctor.surgery.output import with_ending
from whynet.registry import register
from whynet.text import Text, plain

FAR = 1.0  # beyond 0 or 1: from there on more than twice the error that a constant answer makes at most


@register(
    "cause",
    year=1990,
    source="Bridle, Probabilistic interpretation of feedforward classification network outputs; Goodfellow et al., Deep Learning, 6.2.2",
    en="The network ends in plain numbers, but the loss takes them for probabilities, or for yes and no.",
    ko="네트워크가 그냥 수를 내는데 손실 함수는 그것을 확률이나 예·아니오로 받아들인다.",
)
class MissingOutputActivation(Cause):
    """A loss that takes logarithms of probabilities (or takes log-probabilities) behind a linear layer.

    log f is no number where f ≤ 0, and where it is clipped it has no gradient there; minus a log-probability that is not bounded by 0
    falls without end. Both follow from how the network is built, so they need no trial. Squared errors of classes behind a linear layer
    are another matter: that is least-squares classification, which works; outputs that lie further than 1 beyond 0 and 1 for more
    than a tenth of the examples are a sign that the missing bound costs something, and the trial decides.
    """

    name = "missing-output-activation"
    title = Text("missing output activation", "빠진 출력 활성화")
    explanation = Text(
        "Probabilities lie between 0 and 1 and add up to 1; a linear layer gives any number. The logarithm of a negative number does not "
        "exist, and far from 0 and 1 errors are huge for no reason.",
        "확률은 0과 1 사이에 있고 합이 1이다. 선형 층은 아무 수나 낸다. 음수의 로그는 없고, "
        "0과 1에서 멀리 떨어진 출력은 까닭 없이 큰 오차를 낸다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        found, fact = ending(seen), loss_fact(seen)
        if found.is_activation:
            return Suspicion(self, [Evidence(_ENDING, plain(found.name), _ANY, "against")], 0.0)
        outputs = seen.outputs
        outside = float(((outputs < 0) | (outputs > 1)).double().mean())
        if fact.reads in ("probabilities", "log-probabilities"):
            unlike = float((outputs > 1e-4).double().mean()) if fact.reads == "log-probabilities" else outside
            wrong = unlike > 0
            evidence = [
                Evidence(_READS, plain(fact.reads), _RAW, "for" if wrong else "neither"),
                Evidence(_OUTSIDE, plain(f"{unlike:.0%}"), plain("0 %"), "for" if wrong else "against"),
            ]
            return Suspicion(self, evidence, 1.0 if wrong else 0.0, proved=wrong and found.name == "linear")
        if fact.reads == "values" and classifies(seen):
            far = float(((outputs < -FAR) | (outputs > 1 + FAR)).double().mean())
            speaks: Speaks = "for" if far > 0.1 else "neither"
            evidence = [Evidence(_FAR, plain(f"{far:.0%}"), plain("0 %"), speaks)]
            return Suspicion(self, evidence, strength(evidence, weak=0.3))
        return Suspicion(self, [Evidence(_READS, plain(fact.reads or "?"), _RAW, "against")], 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        fact = loss_fact(seen)
        single = seen.outputs.ndim == 1 or seen.outputs.shape[1] == 1
        name = "sigmoid" if single or fact.per_unit else "softmax"
        remedies = []
        if fact.reads != "log-probabilities":
            title = Text("{name} output", "{name} 출력").fill(name=name)
            remedies.append(Remedy(title, lambda recipe: with_ending(recipe, seen, name)))
        if fact.reads in ("probabilities", "log-probabilities"):
            remedies.append(Remedy(Text("a loss on logits", "로짓을 받는 손실"), lambda recipe: with_likelihood(recipe, seen)))
        return remedies


_ENDING = Text("last operation", "마지막 연산")
_ANY = Text("an activation that fits the loss", "손실에 맞는 활성화")
_READS = Text("the loss takes the outputs of a linear layer for", "손실 함수가 선형 층의 출력을 무엇으로 받는가")
_RAW = Text("logits or values", "로짓이나 값")
_OUTSIDE = Text("outputs that cannot be what they are taken for", "그렇게 받을 수 없는 출력")
_FAR = Text("outputs far outside 0 to 1", "0과 1에서 멀리 벗어난 출력")
