"""Loading a data set by its spec, once."""

from __future__ import annotations

from torch import Tensor

from whynet import registry
from whynet.data.cache import Cache
from whynet.data.dataset import Dataset
from whynet.data.register import environment
from whynet.spec import Spec


def load(spec: str | Spec, seed: int = 0) -> Dataset:
    """The data set a spec names, split by ``seed``. Loaded once; a file that has changed since is read again.

    Raises `SpecError`, `UnknownNameError`, `OptionError` or `DataError`.

    >>> load("iris").task.inputs
    (4,)
    """
    info, options = registry.bind("data", spec)
    key = (str(registry.canonical("data", spec)), seed, environment(), info.facts["stamp"](options))
    return _datasets.get(key, lambda: info.make(seed=seed, **options))


def kfold(spec: str | Spec, k: int = 5, seed: int = 0) -> list[Dataset]:
    """K-fold cross-validation: k data sets with one test set, in which each other example is validated on exactly once.

    Folds hold each class in its share (Stone, 1974). Raises as `load` does.
    """
    named = registry.canonical("data", spec)
    return [load(named.replace(fold=fold, folds=k), seed) for fold in range(k)]


def _tensors(dataset: Dataset) -> list[Tensor]:
    return [dataset.train.pool_x, dataset.train.pool_y]


_datasets: Cache[Dataset] = Cache(2 << 30, _tensors)
