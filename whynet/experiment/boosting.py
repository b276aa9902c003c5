"""Boosting: each next network learns what those before got wrong, and the better ones have the louder vote.

    weight_i = 1/n
    round m:  train on n examples drawn by weight,   e = Σ_i weight_i [m wrong on i]
              α_m = ln((1 − e)/e) + ln(K − 1),       weight_i ← weight_i · exp(α_m [m wrong on i]), then to sum 1

AdaBoost (Freund and Schapire 1997) in the form for K classes, SAMME (Zhu, Zou, Rosset and Hastie 2009), by resampling, so that
any network and any loss can be boosted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from whynet.data.dataset import Dataset
from whynet.engine.arm import Arm, prepare
from whynet.engine.fit import Fitted
from whynet.experiment.resampling import weighted
from whynet.recipe import Given, Recipe, with_seed
from whynet.text import Text

Train = Callable[[list[Arm], Text], list[Fitted]]
Member = tuple[Fitted, float]  # a network and its vote α


def boosted(weak: Recipe, sets: Sequence[Dataset], seeds: Sequence[Sequence[int]], train: Train) -> list[list[Member]]:
    """An ensemble for each data set, round by round, side by side; ``seeds[r][m]`` draws for member m on ``sets[r]``."""
    weights = [np.full(len(one.train), 1 / len(one.train)) for one in sets]
    ensembles: list[list[Member]] = [[] for _ in sets]
    for m, drawn in enumerate(zip(*seeds, strict=True)):
        phase = _ROUND.fill(m=m + 1, n=len(seeds[0]))
        given = [
            Given(weighted(one, weight, seed), f"round {m + 1}") for one, weight, seed in zip(sets, weights, drawn, strict=True)
        ]
        arms = [prepare(with_seed(weak.change(data=data), seed), "boosted") for data, seed in zip(given, drawn, strict=True)]
        for r, fitted in enumerate(train(arms, phase)):
            vote = 0.0
            if fitted.outcome.status != "diverged":
                wrong = (fitted.predict(sets[r].train.x) != sets[r].train.y).numpy()
                vote, weights[r] = reweighted(weights[r], wrong, sets[r].task.outputs)
            ensembles[r].append((fitted, vote))
    return ensembles


def reweighted(weights: np.ndarray, wrong: np.ndarray, classes: int) -> tuple[float, np.ndarray]:
    """The vote α of a network, and the weights of the examples after it; after one no better than chance they start anew."""
    error = float(weights[wrong].sum())
    if error >= 1 - 1 / classes:
        return 0.0, np.full(len(weights), 1 / len(weights))
    vote = float(np.log((1 - error) / max(error, 1e-10)) + np.log(classes - 1))
    after = weights * np.exp(vote * wrong)
    return vote, after / after.sum()


_ROUND = Text("boosting, round {m} of {n}", "부스팅(boosting) {n}라운드 가운데 {m}번째")
