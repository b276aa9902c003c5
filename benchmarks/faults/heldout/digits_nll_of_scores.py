""" "Why is my loss negative?" nn.NLLLoss behind a network that ends in a linear layer.

64 – Linear 48 relu – Linear 10, NLLLoss, Adam at 0.001, batches of 32, 20 epochs of the digits.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def network(*end: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10), *end)


def program() -> Recipe:
    return recipe("digits", network, nn.NLLLoss(), "adam(lr=0.001)", batch_size=32, epochs=20)


case = Case(
    "digits-nll-of-scores",
    program,
    lambda: program().change(model=lambda: network(nn.LogSoftmax(dim=1))),
    stated=stated(
        "digits-nll-of-scores", "missing-output-activation | wrong-loss", fix="a log-softmax at the end, or CrossEntropyLoss"
    ),
)
