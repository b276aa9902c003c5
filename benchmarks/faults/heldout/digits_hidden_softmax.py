""" "I used softmax in all layers because it is a classification": three hidden layers whose units compete for a sum of 1.

64 – Dense 64 softmax – Dense 64 softmax – Dense 64 softmax – Dense 10 softmax, categorical cross-entropy, Keras's Adam, batches
of 32, 30 epochs of the digits.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.keras import CATEGORICAL, GLOROT, adam
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(activation: str = "softmax") -> Recipe:
    model = f'mlp(widths=[64, 64, 64], activation="{activation}", output_activation="softmax")'
    return recipe("digits", model, CATEGORICAL, adam(), init=GLOROT, batch_size=32, epochs=30)


case = Case(
    "digits-hidden-softmax",
    program,
    lambda: program("relu"),
    stated=stated("digits-hidden-softmax", "wrong-hidden-activation | vanishing-gradient", fix="relu in the hidden layers"),
)
