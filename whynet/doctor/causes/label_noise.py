"""Many training labels are wrong."""

from __future__ import annotations

import math

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from torch import Tensor

from whynet.data.dataset import Dataset
from whynet.data.scale import fit
from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.sets import MOST, test_sample, train_sample
from whynet.doctor.remembered import remembered
from whynet.doctor.surgery.data import without
from whynet.registry import register
from whynet.text import Text, plain

NEIGHBOURS, AGREE = 10, 7  # a clear neighbourhood: seven of ten of one class
NOISY, ERRORS = 0.05, 4.0  # share by which training labels deviate more often than test labels, and in standard errors
PLAIN = 0.2  # of the labels
LEAST = 50


@register(
    "cause",
    year=2021,
    source="Northcutt, Jiang and Chuang, Confident learning (2021); Wilson, Asymptotic properties of nearest neighbor rules (1972)",
    en="Labels contradict their own neighbourhood: the network learns the mistakes by heart or gives up.",
    ko="레이블이 주변 예제들과 어긋난다. 네트워크는 틀린 것을 외우거나 배우기를 포기한다.",
)
class LabelNoise(Cause):
    """How often a label deviates from a clear neighbourhood: seven and more of the ten nearest training examples of one other class.

    Where classes overlap, training and test labels deviate equally often, for both come from one distribution. Labels that were spoiled
    before training deviate more often in training than in a clean test set: by 0.05 and four standard errors at least, it is a sign; by a
    fifth of the labels it was counted, and needs no trial.
    The remedy leaves the deviating examples out (Wilson 1972), and the trial decides. Noise in both sets alike cannot be told from
    classes that overlap.
    """

    name = "label-noise"
    title = Text("wrong labels", "틀린 레이블")
    explanation = Text(
        "A wrong label asks for an answer that everything around it contradicts. Few do no harm; many cost capacity and time, and a large "
        "network learns them by heart.",
        "틀린 레이블은 주변이 모두 아니라고 하는 답을 요구한다. 조금이면 해가 없지만 많으면 용량과 시간을 쓰고, "
        "큰 네트워크는 그것까지 외운다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES

    def look(self, seen: Examination) -> Suspicion:
        if seen.fitted.dataset.task.kind != "classify" or len(seen.fitted.dataset.train) < LEAST:
            return Suspicion(self, [], 0.0)
        train, test, error = _deviating(seen)
        noisy = train - test > max(NOISY, ERRORS * error)
        evidence = [
            Evidence(_DEVIATES, plain(f"{train:.0%}"), _AS_TEST.fill(share=f"{test:.0%}"), "for" if noisy else "against")
        ]
        return Suspicion(self, evidence, 0.7 if noisy else 0.0, proved=noisy and train - test > PLAIN)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if self.look(seen).speaks != "for":
            return []
        return [
            Remedy(Text("without the deviating labels", "어긋난 레이블을 뺀 데이터"), lambda recipe: without(recipe, doubtful))
        ]


@remembered
def _deviating(seen: Examination) -> tuple[float, float, float]:
    """Share of clear neighbourhoods that a label deviates from, in training and in the test, and the standard error of the difference."""
    (x, y), (test_x, test_y) = train_sample(seen), test_sample(seen)
    shares, variance = [], 0.0
    for one, labels, own in ((x, y, True), (test_x, test_y, False)):
        clear, other = _neighbourhood(x, y, one, labels, own)
        n = max(1, int(clear.sum()))
        share = float((clear & other).sum()) / n
        shares.append(share)
        variance += (share * (1 - share) + 1 / n) / n
    return shares[0], shares[1], math.sqrt(variance)


def doubtful(dataset: Dataset) -> Tensor:
    """The training examples whose label deviates from a clear neighbourhood, (n,) bool; at most 2,000 examples vote."""
    x, y = dataset.train.x, dataset.train.y
    if len(x) <= MOST:
        clear, other = _neighbourhood(x, y, x, y, own=True)
        return torch.from_numpy(clear & other)
    clear, other = _neighbourhood(x[:MOST], y[:MOST], x, y, own=False)
    return torch.from_numpy(clear & other)


def _neighbourhood(x: Tensor, y: Tensor, asked: Tensor, labels: Tensor, own: bool) -> tuple[np.ndarray, np.ndarray]:
    """For each example asked: whether its neighbours are clear, and whether they say another class. own: it is one of them."""
    shift, spread = fit(x, "standard")
    known, wanted = ((part.double() - shift).div(spread).flatten(1).numpy() for part in (x, asked))
    k = min(NEIGHBOURS, len(known) - 1)
    with threadpool_limits(1):
        near = NearestNeighbors(n_neighbors=k + own).fit(known).kneighbors(wanted, return_distance=False)[:, int(own) :]
    votes = np.apply_along_axis(np.bincount, 1, y.numpy()[near], minlength=int(max(y.max(), labels.max())) + 1)
    return votes.max(1) >= AGREE / NEIGHBOURS * k, votes.argmax(1) != labels.numpy()


_DEVIATES = Text("training labels against a clear neighbourhood", "주변이 분명한데도 어긋나는 학습 레이블")
_AS_TEST = Text("as many as in the test: {share}", "테스트와 같은 {share}")
