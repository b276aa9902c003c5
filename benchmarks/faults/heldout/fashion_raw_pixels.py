""" "Why is the loss 2.303 for ever?" Fashion-MNIST read with numpy, pixels left at 0 to 255.

784 – Linear 128 relu – Linear 64 relu – Linear 10, cross-entropy, SGD at 0.01 with momentum, batches of 32, 5 epochs of 5,400
pictures.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.data import load
from whynet.recipe import Recipe, recipe


def program(divide_by: float = 1.0) -> Recipe:
    pictures = load("fashion_mnist(train=5400)")
    x_train, x_test = (part.x * 255 / divide_by for part in (pictures.train, pictures.test))
    data = given("pictures", x_train, pictures.train.y, test=(x_test[:2000], pictures.test.y[:2000]))
    return recipe(data, "mlp(widths=[128, 64])", "cross_entropy", "sgd(lr=0.01, momentum=0.9)", batch_size=32, epochs=5)


case = Case(
    "fashion-raw-pixels",
    program,
    lambda: program(divide_by=255),
    stated=stated(
        "fashion-raw-pixels",
        "inputs-not-normalized | lr-too-high | exploding-gradient | dead-relu",
        fix="divide the pixels by 255",
    ),
)
