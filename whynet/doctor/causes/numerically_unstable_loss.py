"""The loss is no number at outputs that the network can reach."""

from __future__ import annotations

import torch

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion, strength
from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import Ending, ending
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.remembered import remembered
from whynet.doctor.surgery.loss import clipped, with_likelihood
from whynet.registry import register
from whynet.text import Text

FAR = 200.0  # exp(88.8) is infinite in float32; logits of hundreds are within reach of a linear layer


@register(
    "cause",
    year=2016,
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 4.1: overflow and underflow",
    en="The loss takes a logarithm of 0 or an exponential too large for the type: one such example makes everything NaN.",
    ko="손실이 0의 로그나 표현할 수 없이 큰 지수를 계산한다. 그런 예제 하나로 모든 것이 NaN이 된다.",
)
class NumericallyUnstableLoss(Cause):
    """The loss tried at outputs that the last operation can give: 0 and 1 behind a sigmoid or softmax, ±200 behind a linear layer.

    In float32 sigmoid(z) is exactly 1 from z = 17 on and softmax exactly 0 from a lead of 104 on, so log f and log(1 − f) without a clip
    become infinite, and 0 · ∞ no number. Softmax of logits of 200 without subtracting the largest overflows. A loss that is finite
    there is stable. Not stable is a danger; it is proved to be the fault where training ended with a loss that is no number.
    """

    name = "numerically-unstable-loss"
    title = Text("numerically unstable loss", "수치가 불안정한 손실")
    explanation = Text(
        "Computed by hand, the logarithm meets a 0 as soon as the network is sure, and the gradient becomes infinite or NaN for all "
        "weights. The loss on logits computes the same without leaving the range of numbers.",
        "손으로 계산하면 네트워크가 확신하는 순간 로그가 0을 만나고, 모든 가중치의 기울기가 무한대나 NaN이 된다. 로짓을 받는 손실 함수는 "
        "같은 값을 수의 범위를 벗어나지 않고 계산한다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "cross-entropy"

    def look(self, seen: Examination) -> Suspicion:
        if _not_finite(seen) == 0:
            return Suspicion(self, [Evidence(_TRIED, _FINITE, _FINITE, "against")], 0.0)
        found = ending(seen)
        shown = _TO.fill(low=_ends(found)[0], high=_ends(found)[1])
        ended: Speaks = "for" if seen.diverged else "neither"
        evidence = [
            Evidence(_TRIED, _NOT.fill(range=shown), _FINITE, "for" if seen.diverged else "neither"),
            Evidence(_TRAINING, _NAN if seen.diverged else _FINITE, _FINITE, ended),
        ]
        return Suspicion(self, evidence, strength(evidence, weak=0.4), proved=seen.diverged)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if _not_finite(seen) == 0:
            return []
        remedies = []
        if loss_fact(seen).reads == "probabilities":
            remedies.append(
                Remedy(
                    Text("probabilities clipped before the logarithm", "로그 앞에서 자른 확률"),
                    lambda recipe: clipped(recipe, seen),
                )
            )
        return [*remedies, Remedy(Text("the stable loss", "안정한 손실 함수"), lambda recipe: with_likelihood(recipe, seen))]


def _ends(found: Ending) -> tuple[float, float]:
    return max(found.low, -FAR), min(found.high, FAR)


@remembered
def _not_finite(seen: Examination) -> int:
    """At how many of the outputs tried the loss or its gradient is no finite number."""
    found, loss = ending(seen), seen.fitted.loss
    if found.name == "log_of_softmax":  # minus infinity leaves the network itself
        return 1
    low, high = _ends(found)
    y = seen.fitted.dataset.train.y[: len(seen.outputs)]
    count = 0
    for first, others in ((low, high), (high, low)):
        outputs = torch.full(seen.outputs.shape, float(others))
        if outputs.ndim > 1:
            outputs[:, 0] = first
        elif len(outputs) > 1:
            outputs[::2] = first
        outputs.requires_grad_()
        try:
            with torch.enable_grad():
                value = loss(outputs, y)
                slope = torch.autograd.grad(value, outputs)[0]
        except (RuntimeError, ValueError):  # refused in words, or cut from the graph: another cause
            continue
        count += not (bool(value.isfinite()) and bool(slope.isfinite().all()))
    return count


_TRIED = Text("the loss at the ends of what can come out", "나올 수 있는 양 끝 출력에서의 손실")
_FINITE = Text("a finite number", "유한한 수")
_NOT = Text("no number at {range}", "{range}에서 수가 아님")
_TO = Text("{low:g} or {high:g}", "{low:g} 또는 {high:g}")
_TRAINING = Text("the loss in training", "학습 중의 손실")
_NAN = Text("infinite or NaN", "무한대나 NaN")
