"""Pairs of handwritten digits: the same digit or two different ones? To be answered for digits that were never seen in training.

It is face verification with digits as the persons: a network that learned to name the people of its training set is of no use at a
door where others stand. Digits 0 to 6 are for training; 7, 8 and 9 are for validation and test, each with pictures of its own.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import torch

from whynet.data.draws import Draw
from whynet.data.loading import load
from whynet.data.register import data_set
from whynet.data.source import Source, SplitName
from whynet.registry import Range
from whynet.rng import numpy_generator
from whynet.text import Text

KNOWN, STRANGERS = range(7), range(7, 10)
CLASSES = ("same", "different")


@data_set(
    en="Pairs of handwritten digits, the same or different; those asked about in the test (7, 8, 9) never occur in training.",
    ko="손글씨 숫자 두 장이 같은 숫자인지 다른 숫자인지. 테스트에 나오는 숫자(7, 8, 9)는 학습에 나오지 않는다.",
    task="classify",
    year=2006,
    source="after Hadsell, Chopra and LeCun, Dimensionality reduction by learning an invariant mapping",
)
def digit_pairs(
    n: Annotated[int, Range(least=12, most=1_000_000)] = 6000,
    of: Literal["digits", "mnist"] = "digits",
    draw: Draw = 0,
) -> Source:
    """x: (N, 2, 1, H, W) in [0, 1]; class 0 same, 1 different, as many of each: ``n`` pairs, two thirds to train on.

    ``of``: the pictures, scikit-learn's of 8×8 pixels or MNIST's of 28×28, which are read from files or downloaded.
    All three sets are prescribed, so that a seed changes none of them; another ``draw`` draws other pairs.
    """
    pictures = load(of if of == "digits" else f"{of}(scale=none)").train
    rng = numpy_generator(draw, "sample", "digit_pairs")
    order = rng.permutation(len(pictures.pool_y))
    digit = pictures.pool_y.numpy()[order]
    own: dict[SplitName, list[np.ndarray]] = {"train": [order[digit == k] for k in KNOWN], "validation": [], "test": []}
    for k in STRANGERS:
        here = order[digit == k]
        own["validation"].append(here[: len(here) // 2])
        own["test"].append(here[len(here) // 2 :])
    counts: dict[SplitName, int] = {"train": n - 2 * (n // 6), "validation": n // 6, "test": n // 6}
    different = {name: np.arange(count) % 2 for name, count in counts.items()}
    index = np.concatenate([_drawn(own[name], labels, rng) for name, labels in different.items()])  # (N, 2)
    official = dict(zip(counts, torch.arange(len(index)).split(list(counts.values())), strict=True))
    x, y = pictures.pool_x[torch.from_numpy(index)], torch.from_numpy(np.concatenate(list(different.values())))
    return Source(x, y, classes=CLASSES, official=official, notes=(_STRANGERS,))


def _drawn(by_digit: list[np.ndarray], labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two pictures for each label, (n, 2): of one digit and not the same picture, or of two digits."""
    first = rng.integers(len(by_digit), size=len(labels))
    second = (first + labels * rng.integers(1, len(by_digit), size=len(labels))) % len(by_digit)
    sizes = np.array([len(one) for one in by_digit])
    place = rng.integers(sizes[first])
    other = rng.integers(sizes[second] - (labels == 0))
    other += (labels == 0) & (other >= place)  # any but the one that stands there already
    return np.array([[by_digit[a][i], by_digit[b][j]] for a, i, b, j in zip(first, place, second, other, strict=True)])


_STRANGERS = Text(
    "Training pairs are of the digits 0 to 6; validation and test pairs of 7, 8 and 9, with pictures of their own each.",
    "훈련(train) 쌍은 숫자 0~6에서, 검증(validation)과 테스트(test) 쌍은 7, 8, 9에서 뽑는다. 두 세트의 그림은 서로 다르다.",
)
