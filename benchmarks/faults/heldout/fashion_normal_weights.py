""" "Loss starts at 40,000, then nan": weights_init(m) draws every weight from N(0, 1), four relu layers deep.

784 – four times Linear 200 relu – Linear 10, cross-entropy, SGD at 0.01, batches of 64, 5 epochs of 5,400 pictures.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def weights_init(m: nn.Module) -> None:
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, 0.0, 1.0)
        nn.init.zeros_(m.bias)


def network(apply: bool = True) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten(), nn.Linear(784, 200), nn.ReLU()]
    for _ in range(3):
        layers += [nn.Linear(200, 200), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(200, 10))
    return net.apply(weights_init) if apply else net


def program() -> Recipe:
    return recipe("fashion_mnist(train=5400)", network, nn.CrossEntropyLoss(), "sgd(lr=0.01)", batch_size=64, epochs=5)


case = Case(
    "fashion-normal-weights",
    program,
    lambda: program().change(model=lambda: network(apply=False), **{"optimizer.lr": 0.1}),
    stated=stated("fashion-normal-weights", "bad-initialization | exploding-gradient", fix="torch's own initial weights"),
)
