"""Training and test inputs were prepared in different ways."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from scipy.stats import ks_2samp
from torch import Tensor

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.sets import test_sample, train_sample
from whynet.doctor.remembered import remembered
from whynet.doctor.surgery.data import matched_inputs
from whynet.registry import register
from whynet.text import Text, plain

SHIFT, ERRORS = 0.5, 6.0  # in training spreads, and in standard errors of what two samples of one distribution show
WIDER, WIDEST = math.log(2), math.log(10)  # of the ratio of spreads: on average over the features, and of one of them
LEAST = 20  # examples of each set
UNLIKELY = 1e-6


@register(
    "cause",
    year=2015,
    source="Sculley et al., Hidden technical debt in machine learning systems (2015); Breck et al., Data validation (2019)",
    en="Inputs scaled in training but not in the test, or by other numbers: the network is asked in another language.",
    ko="학습 입력만 스케일링했거나 다른 수로 스케일링했다. 네트워크는 다른 언어로 된 시험을 본다.",
)
class TrainTestPreprocessingMismatch(Cause):
    """Means and spreads of each feature in the test set, in units of the training set.

    Two samples of n₁ and n₂ examples differ in their means by √(1/n₁ + 1/n₂) spreads, root mean square over the features, however
    many there are. Six times that, and half a spread at least, is no sampling; nor are spreads that differ twofold on average, or
    tenfold in one feature. Classes are weighted as in training, so that other shares of classes do not count; nor do values whose
    targets differ as well, for then other examples were chosen.
    """

    name = "train-test-preprocessing-mismatch"
    title = Text("training and test prepared differently", "학습과 테스트의 전처리 불일치")
    explanation = Text(
        "What the network learned holds for inputs on the scale it was trained on. Fit the scaling on the training examples once and apply "
        "the same numbers everywhere.",
        "네트워크가 배운 것은 학습할 때의 스케일에서만 맞는다. 스케일링은 학습 예제에서 한 번 구해 같은 수를 모든 데이터에 쓴다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES
    question = "input-scaling"

    def look(self, seen: Examination) -> Suspicion:
        found = _differences(seen)
        if found is None:
            return Suspicion(self, [Evidence(_SHIFT, _NOT_COMPARABLE, plain("0"), "neither")], 0.0)
        far = found.shift > max(SHIFT, ERRORS * found.expected)
        wide = found.ratio > WIDER or found.largest > WIDEST
        evidence = [
            Evidence(_SHIFT, plain(f"{found.shift:.2g}"), plain(f"{found.expected:.2g}"), "for" if far else "against"),
            Evidence(
                _RATIO, plain(f"{math.exp(found.ratio):.3g}"), plain("1"), "for" if wide else "neither" if far else "against"
            ),
        ]
        if wide and not far:
            evidence = evidence[::-1][:1]
        return Suspicion(self, evidence, 0.9 if far or wide else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if self.look(seen).speaks != "for":
            return []
        return [Remedy(Text("test inputs scaled as in training", "학습과 같게 맞춘 테스트 입력"), matched_inputs)]


@dataclass(frozen=True)
class Differences:
    """Root mean square over the features of the shift, what sampling gives, and of |log ratio of spreads| the mean and the largest."""

    shift: float
    expected: float
    ratio: float
    largest: float


@remembered
def _differences(seen: Examination) -> Differences | None:
    (a, a_y), (b, b_y) = train_sample(seen), test_sample(seen)
    if len(a) < LEAST or len(b) < LEAST:
        return None
    a, b = a.flatten(1).double(), b.flatten(1).double()
    weights = torch.ones(len(b), dtype=torch.float64)
    if seen.fitted.dataset.task.kind == "classify":
        k = seen.fitted.dataset.task.outputs
        p, q = a_y.bincount(minlength=k).double() / len(a), b_y.bincount(minlength=k).double() / len(b)
        shared = (p > 0) & (q > 0)
        a, weights = a[shared[a_y]], torch.where(shared, p / q.clamp(min=1e-12), 0)[b_y]
        if len(a) < LEAST or float((weights > 0).sum()) < LEAST:
            return None
    elif any(float(ks_2samp(a_y[:, i].numpy(), b_y[:, i].numpy()).pvalue) < UNLIKELY for i in range(a_y.shape[1])):
        return None
    weights = weights / weights.sum()
    return _between(a, b, weights)


def _between(a: Tensor, b: Tensor, weights: Tensor) -> Differences:
    a_mean, a_spread = a.mean(0), a.std(0, correction=0)
    b_mean = (weights[:, None] * b).sum(0)
    b_spread = (weights[:, None] * (b - b_mean).square()).sum(0).sqrt()
    varies = a_spread > 1e-3 * a_spread.max()  # pixels at the rim hardly vary, and their ratios are chance
    n = 1 / float(weights.square().sum())  # examples that the weights are worth
    shift = ((b_mean - a_mean)[varies] / a_spread[varies]).square().mean().sqrt()
    ratios = (b_spread[varies].clamp(min=1e-12) / a_spread[varies]).log().abs()
    usual = ratios if len(ratios) < 10 else ratios.sort().values[: int(0.9 * len(ratios)) + 1]
    return Differences(float(shift), math.sqrt(1 / len(a) + 1 / n), float(ratios.median()), float(usual.max()))


_SHIFT = Text("shift of the test inputs, in spreads of the training inputs", "테스트 입력의 치우침(학습 입력의 표준편차 단위)")
_RATIO = Text("ratio of the spreads, in the middle feature", "퍼짐의 비율(중앙 특성)")
_NOT_COMPARABLE = Text("not comparable: other classes or values", "비교할 수 없음: 클래스나 값이 다름")
