""" "Training 100 %, test stuck at 60 %": labels bought from a crowd, of which every second is a guess.

784 – Linear 256 relu – Linear 128 relu – Linear 10, Adam at 0.001, batches of 64, 25 epochs of 3,000 pictures. The test labels
are clean.
"""

from __future__ import annotations

import torch

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.data import load
from whynet.recipe import Recipe, recipe


def program(guesses: float = 0.5) -> Recipe:
    pictures, draw = load("fashion_mnist(train=3000)"), torch.Generator().manual_seed(0)
    y = pictures.train.y
    guessed = torch.randint(0, 10, y.shape, generator=draw)
    y = torch.where(torch.rand(y.shape, generator=draw) < guesses, guessed, y)
    data = given("pictures", pictures.train.x, y, test=(pictures.test.x[:2000], pictures.test.y[:2000]))
    return recipe(data, "mlp(widths=[256, 128])", "cross_entropy", "adam(lr=0.001)", batch_size=64, epochs=25)


case = Case(
    "fashion-crowd-labels",
    program,
    lambda: program(guesses=0),
    stated=stated(
        "fashion-crowd-labels",
        "label-noise | labels-corrupted-by-preprocessing | overfitting | missing-regularization",
        fix="clean labels",
        notes="Learning the guesses by heart is how the noise does harm; less capacity or fewer epochs mend part of it.",
    ),
)
