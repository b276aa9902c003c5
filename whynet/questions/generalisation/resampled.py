"""The training examples cut into folds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from whynet.data import load
from whynet.data.dataset import Dataset
from whynet.data.split import folds_of
from whynet.experiment.resampling import made, trained_on
from whynet.recipe import Given
from whynet.rng import numpy_generator
from whynet.spec import Spec


def folded(data: Spec, fold: int, folds: int) -> Given:
    """The training examples cut into folds: all but one to learn from, that one as the validation set."""

    def make(seed: int) -> Dataset:
        dataset = load(data, seed)
        index = dataset.train.index
        order = numpy_generator(seed, "split", "folds").permutation(len(index))
        labels = dataset.train.y.numpy() if dataset.task.kind == "classify" else np.zeros(len(index), np.int64)
        place = torch.from_numpy(folds_of(labels, order, folds))
        mixed = index[torch.from_numpy(order)]
        validation = replace(dataset.validation, index=mixed[place == fold].sort().values)
        return replace(trained_on(dataset, mixed[place != fold].sort().values), validation=validation)

    return made(f"fold {fold + 1} of {folds}", make)
