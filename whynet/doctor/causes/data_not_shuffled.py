"""The examples come in an order that means something, and every epoch in the same one."""

from __future__ import annotations

from scipy.stats import f_oneway

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.registry import register
from whynet.text import Text, plain

CHANCE = 1e-3  # probability that shuffled examples differ as much between batches


@register(
    "cause",
    year=2012,
    source="Bengio, Practical recommendations for gradient-based training (2012)",
    en="Batches hold one kind of example after the other, so each undoes what the one before has taught.",
    ko="배치마다 한 종류의 예제만 차례로 들어 있어, 배치마다 앞 배치가 가르친 것을 지운다.",
)
class DataNotShuffled(Cause):
    """The answers differ more between batches than within: F = between / within, which is about 1 for shuffled examples.

    A batch's gradient stands for that of all examples only if it is drawn like them (Bengio 2012). It counts where the recipe does not
    shuffle and shuffled examples would show such an F less than once in a thousand times; an order that says nothing does no
    harm, and with one batch for all examples there is none.
    """

    name = "data-not-shuffled"
    title = Text("examples not shuffled", "섞지 않은 예제")
    explanation = Text(
        "A step follows what its batch says. If batches hold class after class, the network learns to answer the class of the day, and "
        "unlearns it with the next batch.",
        "걸음은 그 배치가 말하는 대로 나아간다. 배치에 같은 클래스만 이어지면 네트워크는 그때그때의 클래스로 답하는 것을 배우고, "
        "다음 배치에서 잊는다.",
    )
    place = "data"

    def look(self, seen: Examination) -> Suspicion:
        arm = seen.fitted.arm
        batches = arm.order(0)
        if seen.recipe.shuffle or len(batches) < 2:
            return Suspicion(self, [], 0.0)
        answers = [arm.dataset.train.pool_y[batch].flatten(1)[:, 0] if arm.dataset.train.pool_y.ndim > 1 else
                   arm.dataset.train.pool_y[batch] for batch in batches]  # fmt: skip
        within = sum(float(one.double().var(correction=0)) for one in answers)
        between = float(max(one.double().mean() for one in answers) - min(one.double().mean() for one in answers))
        chance = (0.0 if between > 0 else 1.0) if within == 0 else float(f_oneway(*(one.numpy() for one in answers)).pvalue)
        sorted_ = chance < CHANCE
        evidence = [
            Evidence(_SHUFFLE, _NO, _YES, "for" if sorted_ else "neither"),
            Evidence(_ALIKE, plain(f"{chance:.1g}"), _THOUSANDTH, "for" if sorted_ else "against"),
        ]
        return Suspicion(self, evidence, 1.0 if sorted_ else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [Remedy(Text("examples shuffled every epoch", "에폭마다 예제를 섞기"), lambda r: r.change(shuffle=True))]


_SHUFFLE = Text("examples shuffled", "예제를 섞는가")
_NO, _YES = Text("no", "아니다"), Text("yes", "그렇다")
_ALIKE = Text("probability that shuffled batches would differ as much", "섞은 배치들이 이만큼 다를 확률")
_THOUSANDTH = Text("above 0.001", "0.001 이상")
