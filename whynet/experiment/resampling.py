"""Training sets made out of a training set: drawn with replacement, drawn by weight; validation and test set stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from whynet.data.dataset import Dataset
from whynet.recipe import Given
from whynet.rng import numpy_generator


def made(label: str, make: Callable[[int], Dataset]) -> Given:
    """Data that a recipe asks for by its seed."""
    return Given(make, label)


def trained_on(dataset: Dataset, index: Tensor) -> Dataset:
    """The same data set, learned from these positions of the pool, some of them perhaps more than once."""
    return replace(dataset, train=replace(dataset.train, index=index))


def bootstrap(dataset: Dataset, seed: int) -> Dataset:
    """As many training examples, drawn with replacement (Efron, 1979): each is left out with probability (1 − 1/n)ⁿ ≈ 1/e."""
    n = len(dataset.train)
    drawn = numpy_generator(seed, "sample", "bootstrap").integers(n, size=n)
    return trained_on(dataset, dataset.train.index[torch.from_numpy(drawn)])


def weighted(dataset: Dataset, weights: np.ndarray, seed: int) -> Dataset:
    """As many training examples, drawn with replacement in proportion to weights (n,) that sum to 1."""
    rng = numpy_generator(seed, "sample", "weighted")
    return trained_on(dataset, dataset.train.index[torch.from_numpy(rng.choice(len(weights), len(weights), p=weights))])
