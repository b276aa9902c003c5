"""Ten layers that do learn, for there is a batch norm in each: depth is no fault here. A control.

784 – ten times Linear 64, batch norm, relu – Linear 10, cross-entropy, Adam at 0.002, batches of 64, 15 epochs of 5,000 digits.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    model = f'mlp(widths={[64] * 10}, activation="relu", norm="batch")'
    return recipe("mnist(train=5000)", model, "cross_entropy", "adam(lr=0.002)", batch_size=64, epochs=15)


case = Case("mnist-deep-batchnorm-sound", program, stated=stated("mnist-deep-batchnorm-sound"))
