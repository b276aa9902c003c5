"""The network learns its examples by heart, and gets worse at others."""

from __future__ import annotations

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion, set_aside
from whynet.doctor.examination import Examination
from whynet.doctor.facts.generalisation import generalisation
from whynet.doctor.surgery import with_dropout, with_penalty
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text


@register(
    "cause",
    year=1995,
    source="Prechelt, Early stopping, but when? (1998); Srivastava et al., Dropout (2014)",
    en="From some point on, what is learned holds for the training examples alone, and the others are answered worse and worse.",
    ko="어느 순간부터 배우는 것이 학습 예제에만 들어맞고, 다른 예제의 답은 점점 나빠진다.",
)
class Overfitting(Cause):
    """L_held-out(T) > min_t L_held-out(t) while L_train still falls, and a gap between the metrics.

    The gap counts where it exceeds three standard errors of the held-out metric and a tenth of the way from chance; the held-out loss
    has turned where it ends more than a tenth above its least (Prechelt 1998 stops at a twentieth to a fifth) and the
    training loss fell on. A gap is needed, for a loss alone turns when a network only grows too sure; and with it either the turn,
    or training examples that are answered all but perfectly: then what training went on to learn was no longer the task. All
    three together are what overfitting is: they were measured, and need no trial.
    """

    name = "overfitting"
    title = Text("overfitting", "과적합(overfitting)")
    explanation = Text(
        "Having found what examples share, training goes on to what is particular to each: noise that no other example has. Holding the "
        "network back, or stopping in time, keeps what is shared.",
        "예제들의 공통점을 찾은 뒤에도 학습은 계속되어 예제마다의 특이한 점, 곧 다른 예제에는 없는 잡음까지 배운다. "
        "네트워크를 억제하거나 제때 멈추면 공통점만 남는다.",
    )
    place = "time"
    follows = ("validation-split-not-shuffled", "train-test-preprocessing-mismatch")  # a gap between unlike sets is theirs
    question = "overfitting"

    def look(self, seen: Examination) -> Suspicion:
        found = generalisation(seen)
        if found is None:
            return Suspicion(self, [], 0.0)
        metrics = _BOTH.fill(a=found.seen, b=found.held_out)
        losses = _BOTH.fill(a=found.least, b=found.last)
        evidence = [
            Evidence(METRICS, metrics, ALIKE, "for" if found.gap else "against"),
            Evidence(_TURN, losses, ALIKE, "for" if found.turned else "neither" if found.memorised else "against"),
        ]
        both = found.gap and (found.turned or found.memorised)
        proved = found.gap and found.turned and found.memorised
        return Suspicion(self, evidence if both else set_aside(evidence), 1.0 if both else 0.0, proved=proved)

    def remedies(self, seen: Examination) -> list[Remedy]:
        def kept(recipe: Recipe) -> Recipe | None:
            return recipe.change(keep="best") if recipe.keep != "best" else None

        return [
            Remedy(Text("dropout 0.5", "드롭아웃(dropout) 0.5"), lambda r: with_dropout(r, 0.5)),
            Remedy(Text("weight decay 0.01", "가중치 감쇠(weight decay) 0.01"), lambda r: with_penalty(r, 0.01)),
            Remedy(Text("the weights of the best validation loss", "검증 손실이 가장 작을 때의 가중치"), kept),
        ]


METRICS = Text("the metric on the training examples and on held-out ones", "학습 예제의 지표와 따로 둔 예제의 지표")
ALIKE = Text("alike", "비슷함")
_BOTH = Text("{a:.3g} and {b:.3g}", "{a:.3g}, {b:.3g}")
_TURN = Text("held-out loss at its least and at the end", "따로 둔 예제의 손실의 최솟값과 마지막 값")
