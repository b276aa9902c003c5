"""The loss is a sum over the batch, and the rate is one for a mean."""

from __future__ import annotations

from dataclasses import replace

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import LIKELY, POSSIBLE, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.replay import Manner
from whynet.text import Text, plain

LONG = 0.1  # length of one update over the length of the weights; 1e-3 is usual (Karpathy, CS231n 2015)
SCALE_FREE = (
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Adagrad",
    "Adadelta",
    "Rprop",
    "Adafactor",
    "LBFGS",
    "SparseAdam",
)


@wiring_fault(
    year=2017,
    source="Goyal et al., Accurate, large minibatch SGD (2017), section 3: scale the loss by the batch",
    en="The loss is summed over the batch, which multiplies the learning rate by the batch size.",
    ko="손실을 배치에 걸쳐 더해 학습률에 배치 크기를 곱한 것과 같다.",
)
class LossSummedNotAveraged(Fault):
    """∇ Σᵢ Lᵢ = B ∇ (1/B) Σᵢ Lᵢ: a sum over B examples has B times the gradient of the mean, hence B times the rate.

    Seen as a fact in the loss's ``reduction``. It does harm only with a rule whose step grows with the gradient (plain gradient descent
    and momentum), and only if the steps are then too long: one of the first updates above a tenth of the weights' length, which
    at a B-th of the gradient is not. Both together prove it. With Adam and its kin the factor cancels, and a sum divided later is a mean.
    """

    name = "loss-summed-not-averaged"
    title = Text("loss summed, not averaged", "평균하지 않고 더한 손실")
    explanation = Text(
        "A sum grows with the batch: with 64 examples the gradient is 64 times that of the mean, and a learning rate that suits a mean is "
        "64 times too high.",
        "합은 배치와 함께 커진다. 예제가 64개면 기울기가 평균의 64배이고, 평균에 맞는 학습률이 64배로 커진 셈이다.",
    )
    place = "rate"

    def notice(self, loop: Loop) -> Suspicion:
        calls = loop.training_calls
        if not calls:
            return self.nothing()
        summed = [call for call in calls if call.reduction == "sum" and call.input_shape and call.input_shape[0] > 1]
        divided = any(o.name == "div" for o in loop.operations) or (bool(summed) and _sent_less(loop))
        if not summed or divided:
            return self.held([Evidence(_REDUCTION, plain("sum / B" if divided else "mean"), plain("mean"), "against")], 0.0)
        size = summed[0].input_shape[0]
        evidence = [Evidence(_REDUCTION, plain("sum"), plain("mean"), "for")]
        if loop.optimizers and all(type(one).__name__ in SCALE_FREE for one in loop.optimizers):
            evidence.append(Evidence(_RULE, plain(type(loop.optimizers[0]).__name__), _FREE, "against"))
            return self.held(evidence, 0.0)
        longest = max((v for points in loop.probes.get("update_ratio", {}).values() for _, v in points[:8]), default=0.0)
        first = loop.losses[0][1] if loop.losses else 0.0
        broke = bool(loop.losses) and not max(v for _, v in loop.losses) < 100 * abs(first)
        long = longest > LONG or broke
        evidence.append(Evidence(_UPDATE, plain(f"{longest:.1g}"), _BELOW, "for" if long else "against"))
        evidence.append(Evidence(_FACTOR, plain(f"{size}"), plain("1"), "neither"))
        return self.held(evidence, PROVED if long and (longest / size <= LONG or broke) else LIKELY if long else POSSIBLE)

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        return replace(manner, averaged=True)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ('- loss = F.cross_entropy(logits, y, reduction="sum")', "+ loss = F.cross_entropy(logits, y)"))


def _sent_less(loop: Loop) -> bool:
    """Whether what was sent back is the sum divided by something."""
    sums = {call.step: call.value for call in loop.training_calls if call.reduction == "sum"}
    return any(step in sums and 0 < abs(value) < 0.9 * abs(sums[step]) for step, value in loop.losses)


_REDUCTION = Text("how the loss takes the batch together", "손실이 배치를 합치는 방식")
_RULE = Text("update rule", "갱신 규칙")
_FREE = Text("any that does not depend on the size of the gradient", "기울기의 크기를 타지 않는 것")
_UPDATE = Text(
    "longest of the first updates over the length of its weights", "처음 갱신 가운데 가장 긴 것을 그 가중치의 크기로 나눈 값"
)
_BELOW = Text("below 0.1", "0.1 미만")
_FACTOR = Text("factor on the gradient", "기울기에 곱해지는 수")
_MEND = Text("average over the batch", "배치에 걸쳐 평균한다")
