"""What simple models make of the same data: the least that a network should reach."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from torch import Tensor

from whynet.data.dataset import Dataset
from whynet.doctor.yardstick import weights
from whynet.engine.history import SplitName
from whynet.rng import generator
from whynet.text import Text

MOST = 2000  # examples the simple models learn from, and are judged by; more would cost seconds and change little
WORK = 2e8  # feature values that boosting may look at: about two seconds on one core
ROUNDS = 100  # of boosting, where that is within the work
FEWEST = 10  # rounds below which boosting says little
MOSTLY = 0.5  # of the examples
NONE = np.zeros(0)


@dataclass(frozen=True)
class Baseline:
    """The best simple model: its name and its metric.

    others: the rest of them. asked: the examples it answered, as positions in the pool. errors: of each answer, 1 for a wrong class,
    the squared error over the variance of the targets for values. judged: a digest of those examples.
    """

    name: Text
    metric: float
    others: tuple[Baseline, ...] = ()
    asked: Tensor | None = field(default=None, repr=False, compare=False)
    errors: np.ndarray = field(default_factory=lambda: NONE, repr=False, compare=False)
    judged: str = field(default="", repr=False, compare=False)


def simple_baseline(
    dataset: Dataset, split: SplitName = "test", known: Baseline | None = None, balanced: bool = False
) -> Baseline:
    """The best of a constant, a linear model, nearest neighbours and boosted trees; accuracy or R² on the split.

    Where pixels or boxes are asked for, the constant alone.

    balanced: whether all classes count alike, in what is learned as in what is judged (`Yardstick.balanced`).

    known: one that was judged by the same examples before, if need be after learning from others of the same data, and is worth as much.

    On standardised inputs, learned from 2,000 examples at most. Judged by the very examples they learned from,
    neighbours and trees only say that these can be told apart, so only the linear model is asked then (`by_heart`).
    """
    if dataset.task.kind not in ("classify", "regress"):  # of pixels and boxes: what an answer without looking gets
        return Baseline(CONSTANT, dataset.task.chance)
    test_x, test_y, asked = _flat(dataset, split)
    judged = hashlib.sha256(test_x.tobytes() + test_y.tobytes()).hexdigest()
    if known is not None and known.judged == judged:
        return replace(known, asked=asked)
    x, y, _ = _flat(dataset, "train")
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
    ):  # two threads on small matrices are far slower where the machine is busy
        warnings.simplefilter("ignore", ConvergenceWarning)  # 100 iterations place the baseline well enough
        warnings.simplefilter("ignore", UserWarning)  # of features that never vary
        scores = [
            _scored(name, model.fit(x, y).predict(test_x), test_y, asked, dataset.task.kind, balanced)
            for name, model in _models(dataset, x, y, alone=by_heart(x, test_x), balanced=balanced)
        ]
    best, *others = sorted(scores, key=lambda one: -one.metric)
    return Baseline(best.name, best.metric, tuple(others), best.asked, best.errors, judged)


def by_heart(x: np.ndarray, judged: np.ndarray) -> bool:
    """Whether most of the inputs that are judged by (m, D) are among those that were learned from (n, D), number for number."""
    known = {row.tobytes() for row in np.ascontiguousarray(x)}
    return sum(row.tobytes() in known for row in np.ascontiguousarray(judged)) > MOSTLY * len(judged)


def errors(answers: np.ndarray, y: np.ndarray, kind: str, balanced: bool = False) -> np.ndarray:
    """The error of each answer, whose mean is 1 - accuracy, balanced if need be, or 1 - R²; (n,)."""
    if kind == "classify":
        wrong = np.asarray(answers.reshape(-1) != y.reshape(-1), float)
        return wrong * weights(y.reshape(-1)) if balanced else wrong
    y = y.reshape(len(y), -1)
    spread = np.maximum(y.var(axis=0), 1e-30)
    return np.asarray((((answers.reshape(y.shape) - y) ** 2) / spread).mean(axis=1))


def _models(dataset: Dataset, x: np.ndarray, y: np.ndarray, alone: bool, balanced: bool = False) -> Iterator[tuple[Text, Any]]:
    """Each model with its name; ``alone``: the constant and the linear one."""
    alike = "balanced" if balanced else None
    classify, neighbours = dataset.task.kind == "classify", max(1, min(5, len(x) // 2))
    yield CONSTANT, DummyClassifier() if classify else DummyRegressor()
    if len(np.unique(y)) < 2:
        return
    linear = LogisticRegression(max_iter=100, class_weight=alike) if classify else Ridge(alpha=1e-3)
    yield (LOGISTIC if classify else LINEAR), make_pipeline(StandardScaler(), linear)
    if alone:
        return
    nearest = KNeighborsClassifier(neighbours) if classify else KNeighborsRegressor(neighbours)
    yield NEAREST, make_pipeline(StandardScaler(), nearest)
    outputs = (dataset.task.outputs if dataset.task.outputs > 2 else 1) if classify else y[0].size
    rounds = min(ROUNDS, int(WORK / (x.size * outputs)))
    if rounds < FEWEST:
        return
    settings = {"max_iter": rounds, "max_leaf_nodes": 15, "early_stopping": False, "random_state": 0}
    if classify:
        yield TREES, HistGradientBoostingClassifier(**settings, class_weight=alike)
    else:
        trees = HistGradientBoostingRegressor(**settings)
        yield TREES, MultiOutputRegressor(trees) if outputs > 1 else trees


def _scored(name: Text, answers: np.ndarray, y: np.ndarray, asked: Tensor, kind: str, balanced: bool) -> Baseline:
    wrong = errors(np.asarray(answers), y, kind, balanced)
    return Baseline(name, 1 - float(wrong.mean()), (), asked, wrong)


def _flat(dataset: Dataset, split: str) -> tuple[np.ndarray, np.ndarray, Tensor]:
    examples = getattr(dataset, split)
    index = examples.index
    if len(index) > MOST:  # not the first ones, which may be all of one class
        index = index[torch.randperm(len(index), generator=generator(0, "sample", split))[:MOST]]
    x = examples.pool_x[index].flatten(1).double().numpy()  # (N, D)
    y = examples.pool_y[index].numpy()
    return x, y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y, index


CONSTANT = Text("a constant answer", "항상 같은 답")
LOGISTIC = Text("logistic regression", "로지스틱 회귀(logistic regression)")
LINEAR = Text("linear regression", "선형 회귀(linear regression)")
NEAREST = Text("nearest neighbours", "최근접 이웃(k-nearest neighbours)")
TREES = Text("boosted trees", "부스팅 트리(gradient-boosted trees)")
