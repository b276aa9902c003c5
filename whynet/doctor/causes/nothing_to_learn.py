"""The inputs say nothing of the targets."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.alignment import alignment
from whynet.registry import register
from whynet.text import Text, plain

KNOWN = 0.2  # of the way from guessing to knowing: the best of a dozen alignments of 1,000 targets stays below it by chance


@register(
    "cause",
    year=2017,
    source="Zhang, Bengio, Hardt, Recht and Vinyals, Understanding deep learning requires rethinking generalization (2017)",
    en="No model finds anything in the inputs that tells of the targets; there may be nothing there.",
    ko="어떤 모델도 입력에서 목푯값에 대한 것을 찾지 못한다. 배울 것이 없을 수 있다.",
)
class NothingToLearn(Cause):
    """Neither this network nor a linear model, nearest neighbours or boosted trees come further above chance than luck allows.

    Luck is three standard errors of the metric (`Examination.noise`). Neighbours among the training examples are asked as well, in
    whatever order of the targets: what they tell can be learned, though a test prepared in another way does not show it. That no model
    tried finds anything is no proof that there is nothing, so it is a sign, without a remedy; a change that lets the network learn refutes
    it.
    """

    name = "nothing-to-learn"
    title = Text("nothing to learn", "배울 것이 없는 데이터")
    explanation = Text(
        "Where inputs and targets have nothing to do with each other, the best answer is the same for all. A network may learn the "
        "training examples by heart, as it would with shuffled labels, and know nothing of new ones.",
        "입력과 목푯값이 아무 관계가 없으면 누구에게나 같은 답이 최선이다. 네트워크는 레이블을 섞었을 때처럼 학습 예제를 외울 수는 있어도 "
        "새 예제에 대해서는 아무것도 모른다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES

    def look(self, seen: Examination) -> Suspicion:
        noise = seen.noise
        found = [(_SIMPLE, seen.baseline.metric - seen.chance)]
        if not seen.diverged:
            found.append((_OWN, seen.metric - seen.chance))
        evidence = [
            Evidence(what, plain(f"{above:+.3f}"), _MORE.fill(noise=noise), "for" if above <= noise else "against")
            for what, above in found
        ]
        near = alignment(seen)
        if near is not None:
            known = max(near.now, near.best)
            evidence.append(
                Evidence(
                    _NEAR,
                    plain(f"{known:.0%}"),
                    _TENTH.fill(share=max(KNOWN, near.luck)),
                    "for" if known <= max(KNOWN, near.luck) else "against",
                )
            )
        if (seen.fitted.dataset.train.y == seen.fitted.dataset.train.y[:1]).all():
            return Suspicion(self, [], 0.0)  # of one class: nothing can be told from it
        telling = [one for one in evidence if one.speaks == "against"]  # whoever finds something refutes it
        return Suspicion(self, telling or evidence, 0.0 if telling else 0.8)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return []


_SIMPLE = Text("best simple model above chance", "가장 좋은 단순 모델이 우연보다 나은 정도")
_OWN = Text("this network above chance", "이 네트워크가 우연보다 나은 정도")
_MORE = Text("more than {noise:.2g}, which luck allows", "운으로 가능한 {noise:.2g}보다 큼")
_NEAR = Text(
    "what neighbouring training examples tell of the target, in any order",
    "이웃한 학습 예제가 (어떤 순서로든) 목푯값에 대해 알려 주는 정도",
)
_TENTH = Text("more than {share:.0%}", "{share:.0%} 초과")
