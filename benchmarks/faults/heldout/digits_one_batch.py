""" "My training is so fast! But accuracy is 15 %": batch_size=len(x_train), so that an epoch is one step.

64 – Linear 64 relu – Linear 32 relu – Linear 10, cross-entropy, SGD at 0.05, 30 epochs of the digits.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(batch_size: int | str = "all") -> Recipe:
    return recipe("digits", "mlp(widths=[64, 32])", "cross_entropy", "sgd(lr=0.05)", batch_size=batch_size, epochs=30)


case = Case(
    "digits-one-batch",
    program,
    lambda: program(batch_size=32),
    stated=stated("digits-one-batch", "batch-too-large | too-few-epochs", fix="batches of 32"),
)
