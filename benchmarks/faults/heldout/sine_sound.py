"""A sine wave and two layers of tanh, a control: small, noisy, and as good as it can get.

1 – Linear 32 tanh – Linear 32 tanh – Linear 1, mean squared error, Adam at 0.01, batches of 32, 150 epochs of two waves.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    model = 'mlp(widths=[32, 32], activation="tanh")'
    return recipe("sine(n=400, waves=2)", model, "mse", "adam(lr=0.01)", batch_size=32, epochs=150)


case = Case("sine-sound", program, measure="r2", stated=stated("sine-sound"))
