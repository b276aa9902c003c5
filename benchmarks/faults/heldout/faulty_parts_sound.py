"""One part in twelve is faulty, and the sensors show it: few examples of a class that suffice. A control.

10 features – Linear 32 relu – Linear 2, cross-entropy, Adam at 0.003, batches of 64, 20 epochs of 3,000 parts. The measure is
the mean share of each class that is found.
"""

from __future__ import annotations

from sklearn.datasets import make_classification

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    x, y = make_classification(
        4000, 10, n_informative=6, n_clusters_per_class=1, weights=[0.92], flip_y=0, class_sep=1.5, random_state=1
    )
    data = given("parts", x[:3000], y[:3000], test=(x[3000:], y[3000:]))
    return recipe(data, "mlp(widths=[32])", "cross_entropy", "adam(lr=0.003)", batch_size=64, epochs=20)


case = Case("faulty-parts-sound", program, measure="balanced", stated=stated("faulty-parts-sound"))
