"""How far any linear model gets on the same data, and how far one that bends."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whynet.data.dataset import Examples
from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.rng import generator

MOST = 2000  # examples that are learned from, and judged by
NUMBERS = 1_600_000  # of which a matrix of examples may consist, about a second: 2,000 small pictures
LEAST = 200  # examples, however many numbers each has
FEW = 50  # training examples below which held-out ones say nothing: what a linear model makes of those it saw has to do
CLEAR = 3.0  # standard errors of a paired difference
SLIGHT = 0.01  # of what a constant answer misses: a smaller difference is not worth a change, however sure
ALMOST, TELLING = 0.05, 0.2  # the same for examples that were seen: less may be their noise, more is a shape no line has


@dataclass(frozen=True)
class Ceiling:
    """The metric of the best linear model and of the best of nearest neighbours and trees, and how surely they differ."""

    linear: float
    bent: float
    sureness: float  # the paired difference, bent minus linear, over its standard error
    of_all: bool = True  # whether they learned from all that the network may learn from

    @property
    def bends(self) -> bool:
        """Whether a model that bends is clearly better: by three standard errors of the paired difference."""
        return self.sureness > CLEAR

    @property
    def suffices(self) -> bool:
        """Whether the linear model is no worse: the difference is within one standard error, or in its favour.

        Of few examples a line often makes as much as anything does; that says nothing of what a hundred times as many hold.
        """
        return self.sureness < 1 and self.of_all


@remembered
def ceiling(seen: Examination) -> Ceiling:
    """Linear regression or logistic regression against nearest neighbours and extremely randomised trees (Geurts et al. 2006).

    Each learns from up to 2,000 training examples and is judged by up to 2,000 test examples, fewer where each has many numbers. With
    fewer than 50 training examples all are judged by those they saw, where a perfect fit counts as bent: there is nothing else to
    go by. Costs less than a second for a table, one or two for pictures.
    """
    data = seen.fitted.dataset
    few = len(data.train) < FEW
    x, y = _flat(data.train)
    held_x, held_y = (x, y) if few or not len(data.test) else _flat(data.test)
    classify = data.task.kind == "classify"
    near = min(5, len(x))
    models = (
        (LogisticRegression(C=1e3 if few else 1.0, max_iter=200), KNeighborsClassifier(near))
        if classify
        else (Ridge(1e-6 if few else 1.0), KNeighborsRegressor(near))
    )
    trees = (ExtraTreesClassifier if classify else ExtraTreesRegressor)(50, random_state=0)
    if classify and len(np.unique(y)) < 2:
        return Ceiling(1.0, 1.0, 0.0)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        errors = [
            _errors(model.fit(x, y).predict(held_x), held_y, classify)
            for model in (*(make_pipeline(StandardScaler(), model) for model in models), trees)
        ]
    straight, bent = errors[0], np.zeros_like(errors[0]) if few else min(errors[1:], key=np.mean)
    whole = 1.0 if classify else max(float(np.mean(_errors(held_y.mean(0), held_y, False))), 1e-12)
    difference = straight - bent  # of the same examples, so that what is hard for both does not count
    error = float(difference.std(ddof=1)) / math.sqrt(len(difference)) if len(difference) > 1 else 0.0
    gained = float(difference.mean())
    missed = 1 - float(np.bincount(held_y).max()) / len(held_y) if classify else whole  # by the best constant answer
    sureness = _sureness(gained, error, gained / max(missed, 1e-12), few)
    of_all = len(x) == len(data.train) and not seen.cut
    return Ceiling(1 - float(straight.mean()) / whole, 1 - float(bent.mean()) / whole, sureness, of_all)


def _sureness(gained: float, error: float, share: float, few: bool) -> float:
    if few:
        return math.inf if share > TELLING else 0.0 if share < ALMOST else 2.0
    if abs(share) < SLIGHT:
        return 0.0
    return gained / error if error > 0 else math.copysign(math.inf, gained)


def _errors(answers: np.ndarray, y: np.ndarray, classify: bool) -> np.ndarray:
    """Wrong or not, or the squared error, of each example, (N,)."""
    if classify:
        return (answers != y).astype(float)
    return ((answers - y) ** 2).reshape(len(y), -1).mean(1)


def _flat(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    index = examples.index
    most = min(MOST, max(LEAST, NUMBERS // max(1, examples.pool_x[0].numel())))
    if len(index) > most:
        index = index[torch.randperm(len(index), generator=generator(0, "sample"))[:most]]
    y = examples.pool_y[index].numpy()
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    return examples.pool_x[index].flatten(1).double().numpy(), y
