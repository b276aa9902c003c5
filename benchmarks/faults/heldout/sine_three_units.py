""" "It fits the middle and gives up on the rest": three waves, three hidden units.

1 – Linear 3 tanh – Linear 1, mean squared error, Adam at 0.01, batches of 32, 300 epochs of 400 points.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(widths: tuple[int, ...] = (3,)) -> Recipe:
    model = f'mlp(widths={list(widths)}, activation="tanh")'
    return recipe("sine(n=400, waves=3)", model, "mse", "adam(lr=0.01)", batch_size=32, epochs=300)


case = Case(
    "sine-three-units",
    program,
    lambda: program((32, 32)),
    measure="r2",
    stated=stated("sine-three-units", "low-capacity", fix="two hidden layers of 32 units"),
)
