"""The output activation makes numbers of another kind than the loss takes them for."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import ending
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.facts.targets import several_at_once
from whynet.doctor.surgery.loss import with_likelihood
from whynet.doctor.surgery.output import with_ending
from whynet.registry import register
from whynet.text import Text, plain


@register(
    "cause",
    year=1990,
    source="Bridle, Probabilistic interpretation of feedforward classification network outputs; Goodfellow et al., Deep Learning, 6.2.2",
    en="The last activation makes other numbers than the loss needs: tanh for a probability, a sigmoid a class where one is true.",
    ko="마지막 활성화가 손실에 필요한 수를 만들지 않는다. 확률 자리의 tanh, 하나만 참인데 유닛마다 쓴 시그모이드.",
)
class WrongOutputActivation(Cause):
    """What comes out against what is taken in.

    Proved, since no weights undo it: tanh, relu or another range than [0, 1] behind a loss of probabilities (negative "probabilities" have
    no logarithm, and where they are clipped no gradient); probabilities behind a loss of log-probabilities, which then is −p and no
    likelihood; softmax where several classes are true at once, since its outputs add up to 1; one sigmoid a class where just one is true,
    which are the answers to as many other questions: they add up to anything, and what the loss makes of them (by dividing by their
    sum, where it does) has no gradient where all are near 0 or near 1, however wrong their order. Such a network may learn all the same.
    """

    name = "wrong-output-activation"
    title = Text("wrong output activation", "맞지 않는 출력 활성화")
    explanation = Text(
        "Classes that exclude one another need a softmax, questions of yes or no a sigmoid each, values none. Another activation makes "
        "numbers that the loss misreads, and the gradient corrects something else than the error.",
        "서로 배타적인 클래스에는 softmax, 따로따로 예·아니오인 물음에는 시그모이드, 값에는 활성화 없음이 맞다. 다른 활성화를 쓰면 손실 "
        "함수가 수를 잘못 읽고, 기울기는 오차가 아닌 다른 것을 고친다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        found, fact = ending(seen), loss_fact(seen)
        several = seen.outputs.ndim > 1 and seen.outputs.shape[1] > 1
        proved = apart = False
        if found.is_activation and found.along != 1:
            if fact.reads == "probabilities":
                proved = found.low < 0 or found.high > 1
                apart = found.name in ("sigmoid", "hardsigmoid") and several and not fact.per_unit
            elif fact.reads == "log-probabilities":
                proved = found.low >= 0
            proved = proved or (found.name == "softmax" and several_at_once(seen))
        if not (proved or apart):
            return Suspicion(self, [Evidence(_ENDING, plain(found.name), _FITS.fill(reads=fact.reads or "?"), "against")], 0.0)
        wanted = _EXCLUSIVE if apart else _SEVERAL if several_at_once(seen) else _FITS.fill(reads=fact.reads)
        return Suspicion(self, [Evidence(_ENDING, plain(found.name), wanted, "for")], 1.0, proved=True)

    def remedies(self, seen: Examination) -> list[Remedy]:
        fact = loss_fact(seen)
        several = seen.outputs.ndim > 1 and seen.outputs.shape[1] > 1
        logits = Remedy(Text("a loss on logits", "로짓을 받는 손실"), lambda recipe: with_likelihood(recipe, seen), changes=2)
        if fact.reads == "log-probabilities":
            return [
                Remedy(
                    Text("the likelihood of what comes out", "출력에 맞는 가능도(likelihood)"),
                    lambda recipe: with_likelihood(recipe, seen),
                )
            ]
        name = "softmax" if several and not fact.per_unit and not several_at_once(seen) else "sigmoid"
        swap = Remedy(Text("{name} output", "{name} 출력").fill(name=name), lambda recipe: with_ending(recipe, seen, name))
        return [swap, logits] if fact.reads == "probabilities" else [swap]


_ENDING = Text("last activation", "마지막 활성화")
_FITS = Text("one that makes {reads}", "{reads:을} 만드는 활성화")
_EXCLUSIVE = Text("softmax: just one class is true", "softmax: 참인 클래스는 하나뿐")
_SEVERAL = Text("sigmoid: several classes may be true", "시그모이드: 여러 클래스가 참일 수 있음")
