""" "Porting from TensorFlow 1": keep_prob=0.9 became nn.Dropout(0.9).

784 – Linear 128 relu, dropout – Linear 64 relu, dropout – Linear 10, cross-entropy, Adam at 0.001, batches of 64, 8 epochs of
5,400 pictures.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(dropout: float = 0.9) -> Recipe:
    model = f"mlp(widths=[128, 64], dropout={dropout})"
    return recipe("fashion_mnist(train=5400)", model, "cross_entropy", "adam(lr=0.001)", batch_size=64, epochs=8)


case = Case(
    "fashion-keep-prob",
    program,
    lambda: program(dropout=0.1),
    stated=stated("fashion-keep-prob", "dropout-too-high | regularization-too-strong", fix="dropout of 0.1"),
)
