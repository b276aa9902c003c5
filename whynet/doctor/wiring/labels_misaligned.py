"""Inputs and labels do not belong together."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import LIKELY, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.wiring.validation_overlaps_train import TWICE
from whynet.text import Text

LEAST = 10  # inputs that were seen more than once
MANY = 0.5  # of what unrelated labels would show


@wiring_fault(
    year=2017,
    source="Zhang et al., Understanding deep learning requires rethinking generalization (2017)",
    en="The same input comes with another label each time: inputs and labels are shuffled apart.",
    ko="같은 입력이 매번 다른 레이블과 함께 나온다. 입력과 레이블이 따로 섞였다.",
)
class LabelsMisaligned(Fault):
    """An input seen again has another label. If labels were drawn anew from shares p_k, two would differ with probability 1 − Σ p_k².

    Proved where at least ten inputs came back and more than half as many as that differ; a few (label noise drawn anew) are a suspicion
    from a tenth of it on. Inputs of so few values that different examples are equal are not looked at, and a mix-up that stays the same
    in every epoch cannot be seen this way.
    """

    name = "labels-misaligned"
    title = Text("labels of other inputs", "입력과 어긋난 레이블")
    explanation = Text(
        "If inputs and labels are shuffled separately, each epoch gives an input another label. There is nothing to "
        "learn but how frequent each class is.",
        "입력과 레이블을 따로 섞으면 에폭(epoch)마다 같은 입력에 다른 레이블이 붙는다. 클래스의 비율 말고는 배울 것이 없다.",
    )
    place = "data"
    needs_steps = True

    def notice(self, loop: Loop) -> Suspicion:
        again = [one for one, count in loop.visits.items() if count > 1]
        if len(again) < LEAST or loop.twins > TWICE * loop.looked:
            return self.nothing()
        labels = [label for parts in loop.labels.values() for part in parts for label in part.tolist()]
        shares = [labels.count(kind) / len(labels) for kind in set(labels)]
        unrelated = 1 - sum(share * share for share in shares)
        if unrelated <= 0:
            return self.nothing()
        differ = sum(len(loop.label_of[one]) > 1 for one in again)
        share = differ / len(again) / unrelated
        guilty = share > MANY / 5
        seen = _OF.fill(differ=differ, n=len(again))
        strength = PROVED if share > MANY else LIKELY if guilty else 0.0
        return self.held([Evidence(_WHAT, seen, _NONE, "for" if guilty else "against")], strength)

    def mend(self, loop: Loop) -> Mend:
        return Mend(
            _MEND,
            (
                "- x, y = x[torch.randperm(N)], y[torch.randperm(N)]",
                "+ order = torch.randperm(N)",
                "+ x, y = x[order], y[order]",
            ),
        )


_WHAT = Text("inputs that came back with another label", "다른 레이블과 함께 다시 나온 입력")
_OF = Text("{differ} of {n}", "{n}개 가운데 {differ}개")
_NONE = Text("none", "없음")
_MEND = Text("shuffle inputs and labels together", "입력과 레이블을 함께 섞는다")
