""" "100 % in training, 10 % in validation": the wines are sorted by cultivar, and the last three tenths validate.

13 – Linear 32 relu – Linear 3, Adam at 0.005, batches of 16, 40 epochs.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(shuffled: bool = False) -> Recipe:
    x, y = load_wine(return_X_y=True)  # 59, 71 and 48 wines, sorted
    if shuffled:
        order = np.random.default_rng(0).permutation(len(x))
        x, y = x[order], y[order]
    cut = int(len(x) * 0.7)
    x = StandardScaler().fit(x[:cut]).transform(x)
    data = given("wines", x[:cut], y[:cut], test=(x[cut:], y[cut:]))
    return recipe(data, "mlp(widths=[32])", "cross_entropy", "adam(lr=0.005)", batch_size=16, epochs=40)


case = Case(
    "wine-last-third",
    program,
    lambda: program(shuffled=True),
    stated=stated("wine-last-third", "validation-split-not-shuffled", fix="shuffle before the split"),
)
