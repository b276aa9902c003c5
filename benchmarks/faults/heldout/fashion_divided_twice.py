""" "As in the book, but slow": ToTensor put the pixels between 0 and 1, and the data set class divides by 255 again.

784 – Linear 64 relu – Linear 10, cross-entropy, SGD at 0.05, batches of 64, 8 epochs of 5,400 pictures.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.data import load
from whynet.recipe import Recipe, recipe


def program(divide_by: float = 255.0) -> Recipe:
    pictures = load("fashion_mnist(train=5400)")  # in [0, 1] already
    x_train, x_test = pictures.train.x / divide_by, pictures.test.x[:2000] / divide_by
    data = given("pictures", x_train, pictures.train.y, test=(x_test, pictures.test.y[:2000]))
    return recipe(data, "mlp(widths=[64])", "cross_entropy", "sgd(lr=0.05)", batch_size=64, epochs=8)


case = Case(
    "fashion-divided-twice",
    program,
    lambda: program(divide_by=1),
    stated=stated("fashion-divided-twice", "inputs-over-normalized | inputs-not-normalized", fix="divide once"),
)
