""" "keras.optimizers.Adadelta() does not learn": since TensorFlow 2 its default rate is 0.001, a thousandth of the paper's.

64 – Dense 64 relu – Dense 10 softmax, categorical cross-entropy, Adadelta with rho 0.95, batches of 32, 30 epochs of the
digits.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.keras import CATEGORICAL, GLOROT
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(lr: float = 0.001) -> Recipe:
    model, optimizer = 'mlp(widths=[64], output_activation="softmax")', f"adadelta(lr={lr}, rho=0.95, eps=1e-7)"
    return recipe("digits", model, CATEGORICAL, optimizer, init=GLOROT, batch_size=32, epochs=30)


case = Case(
    "digits-adadelta",
    program,
    lambda: program(lr=1.0),
    stated=stated("digits-adadelta", "wrong-optimizer | lr-too-low", fix="Adadelta at 1, or Adam"),
)
