""" "Loss stuck around 1.8": a softmax at the end of forward, and nn.CrossEntropyLoss, which has one of its own.

64 – Linear 64 relu – Linear 32 relu – Linear 10 softmax, SGD at 0.1, batches of 32, 30 epochs of the digits.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def network(*end: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), *end)


def program() -> Recipe:
    return recipe("digits", lambda: network(nn.Softmax(dim=1)), nn.CrossEntropyLoss(), "sgd(lr=0.1)", batch_size=32, epochs=30)


case = Case(
    "digits-softmax-crossentropy",
    program,
    lambda: program().change(model=network),
    stated=stated("digits-softmax-crossentropy", "softmax-before-logits-loss | activation-on-logits", fix="no softmax"),
)
