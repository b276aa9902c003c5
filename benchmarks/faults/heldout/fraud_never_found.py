""" "97 % accuracy and not a single fraud found": 3 % of the transactions are fraud, and the network says no to all.

20 features – Linear 32 relu – Linear 16 relu – Linear 2, cross-entropy, Adam at 0.001, batches of 128, 10 epochs of 6,000
transactions. Mended, the loss weighs the classes against their shares. The measure is the mean share of each class that is
found.
"""

from __future__ import annotations

import torch
from sklearn.datasets import make_classification
from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(loss: nn.Module | str = "cross_entropy") -> Recipe:
    x, y = make_classification(
        8000,
        20,
        n_informative=6,
        n_redundant=4,
        n_clusters_per_class=3,
        weights=[0.97],
        flip_y=0.005,
        class_sep=0.7,
        random_state=3,
    )
    data = given("transactions", x[:6000], y[:6000], test=(x[6000:], y[6000:]))
    return recipe(data, "mlp(widths=[32, 16])", loss, "adam(lr=0.001)", batch_size=128, epochs=10)


case = Case(
    "fraud-never-found",
    program,
    lambda: program(nn.CrossEntropyLoss(weight=torch.tensor([1.0, 30.0]))),
    measure="balanced",
    stated=stated("fraud-never-found", "class-imbalance | wrong-metric", fix="weigh the classes in the loss"),
)
