"""What simple models make of the same data: the least that a network should reach."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whynet.data.dataset import Dataset
from whynet.rng import generator
from whynet.text import Text

MOST = 2000  # examples the simple models learn from, and are judged by; more would cost seconds and change little


@dataclass(frozen=True)
class Baseline:
    """The best simple model: its name and its metric on the test set."""

    name: Text
    metric: float


def simple_baseline(dataset: Dataset) -> Baseline:
    """The best of a constant, a linear model and nearest neighbours, on standardised inputs; accuracy or R² on the test set."""
    x, y = _flat(dataset, "train")
    test_x, test_y = _flat(dataset, "test")
    neighbours = max(1, min(5, len(x) // 2))
    if dataset.task.kind == "classify":
        models = [
            (CONSTANT, DummyClassifier()),
            (LOGISTIC, make_pipeline(StandardScaler(), LogisticRegression(max_iter=100))),
            (NEAREST, make_pipeline(StandardScaler(), KNeighborsClassifier(neighbours))),
        ]
        if len(np.unique(y)) < 2:
            models = models[:1]
    else:
        models = [
            (CONSTANT, DummyRegressor()),
            (LINEAR, make_pipeline(StandardScaler(), Ridge())),
            (NEAREST, make_pipeline(StandardScaler(), KNeighborsRegressor(neighbours))),
        ]
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
    ):  # two threads on small matrices are far slower where the machine is busy
        warnings.simplefilter("ignore", ConvergenceWarning)  # 100 iterations place the baseline well enough
        scores = [(name, float(model.fit(x, y).score(test_x, test_y))) for name, model in models]
    best = max(scores, key=lambda score: score[1])
    return Baseline(*best)


def _flat(dataset: Dataset, split: str) -> tuple[np.ndarray, np.ndarray]:
    examples = getattr(dataset, split)
    index = examples.index
    if len(index) > MOST:  # not the first ones, which may be all of one class
        index = index[torch.randperm(len(index), generator=generator(0, "sample", split))[:MOST]]
    x = examples.pool_x[index].flatten(1).double().numpy()  # (N, D)
    return x, examples.pool_y[index].numpy()


CONSTANT = Text("a constant answer", "항상 같은 답")
LOGISTIC = Text("logistic regression", "로지스틱 회귀(logistic regression)")
LINEAR = Text("linear regression", "선형 회귀(linear regression)")
NEAREST = Text("nearest neighbours", "최근접 이웃(k-nearest neighbours)")
