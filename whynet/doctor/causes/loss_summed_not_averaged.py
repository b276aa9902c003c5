"""The loss is added up over the batch, so steps grow with its size."""

from __future__ import annotations

import numpy as np

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion, strength
from whynet.doctor.controls.sharpness import reach
from whynet.doctor.examination import Examination
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.facts.overshoot import overshot
from whynet.doctor.surgery.loss import averaged
from whynet.registry import register
from whynet.text import Text, plain

LONG, HARMLESS = 0.1, 1e-2  # length of one update over the length of the weights, as for lr-too-high
PER_STEP = ("SGD",)  # rules whose step grows with the gradient; the others divide its size away


@register(
    "cause",
    year=2017,
    source="Goyal et al., Accurate, large minibatch SGD; Zhang et al., An empirical study on TensorFlow program bugs (2018)",
    en="The loss of a batch is the sum over its examples, so the gradient, and with it every step, is B times as long.",
    ko="배치의 손실이 평균이 아니라 합이라서 기울기와 걸음이 모두 배치 크기 B배로 길어진다.",
)
class LossSummedNotAveraged(Cause):
    """L(batch, batch) = 2 L(batch) shows that the loss is a sum: its gradient is B times that of the mean.

    That is a fact, not yet a fault: with a rate B times lower nothing is wrong, and rules that divide the gradient by its own size (Adam,
    RMSprop, …) do not see it. It counts as a sign where training diverged, the loss rose, or an early update moved the weights
    by more than a tenth of their length. Proved, for gradient descent, where the sum alone makes the steps too long: the rate is beyond
    the greatest that does not overshoot the sum and below that of the mean (2 / λ_max, LeCun et al. 1998), and the loss climbed.
    """

    name = "loss-summed-not-averaged"
    title = Text("loss summed over the batch", "배치에 대해 더한 손실")
    explanation = Text(
        "A learning rate is meant for the mean over the examples. If the loss is their sum, a batch of 200 takes steps 200 times as long, "
        "and another batch size needs another rate.",
        "학습률(learning rate)은 예제 평균에 맞춘 값이다. 손실이 합이면 크기 200인 배치는 200배 긴 걸음을 걷고, 배치 크기를 바꾸면 "
        "학습률도 바꾸어야 한다.",
    )
    place = "output"
    tasks = WHOLE_EXAMPLES
    question = "batch-size"

    def look(self, seen: Examination) -> Suspicion:
        if not loss_fact(seen).summed:
            return Suspicion(self, [Evidence(_DOUBLED, plain("1"), plain("1"), "against")], 0.0)
        ratios = [v for v in seen.greatest("update_ratio").values() if np.isfinite(v)]
        longest = max(ratios, default=float("inf"))
        bad = seen.diverged or seen.rose or longest > LONG
        plain_steps = type(seen.fitted.arm.optimizer).__name__ in PER_STEP
        speaks: Speaks = "for" if bad and plain_steps else "against" if longest < HARMLESS or not plain_steps else "neither"
        evidence = [
            Evidence(_DOUBLED, plain("2"), plain("1"), "for" if speaks == "for" else "neither"),
            Evidence(_UPDATE, plain(f"{longest:.1g}"), plain("0.001"), speaks),
            Evidence(_FACTOR, plain(str(seen.fitted.arm.batch_size)), plain("1"), "neither"),
        ]
        far = reach(seen) if speaks == "for" else None
        size = min(seen.fitted.arm.batch_size, len(seen.fitted.dataset.train))
        alone = far is not None and far[0] > 1 > far[0] / size and overshot(seen)
        return Suspicion(self, evidence, strength(evidence), proved=alone)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if not loss_fact(seen).summed:
            return []
        return [Remedy(Text("the mean over the batch", "배치 평균"), lambda recipe: averaged(recipe, seen))]


_DOUBLED = Text("the loss of a batch taken twice, over that of the batch", "배치를 두 번 넣은 손실을 한 번 넣은 손실로 나눈 값")
_UPDATE = Text(
    "longest of the first updates over the length of its weights", "처음 갱신 가운데 가장 긴 것을 그 가중치의 크기로 나눈 값"
)
_FACTOR = Text("times the gradient of the mean", "평균의 기울기에 견준 배수")
