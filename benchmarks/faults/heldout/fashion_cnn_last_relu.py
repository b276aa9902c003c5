""" "Some classes are never predicted": x = F.relu(self.fc2(x)) in the last line of forward, out of habit.

Conv 32 – pool – Conv 64 – pool – Linear 128 – Linear 10 relu, cross-entropy, Adam at 0.003, batches of 64, 3 epochs of 5,400
pictures.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.faults.case import Case
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


class Net(nn.Module):
    def __init__(self, last_relu: bool = True) -> None:
        super().__init__()
        self.last_relu = last_relu
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc1 = nn.Linear(64 * 7 * 7, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        x = self.fc2(x)
        return F.relu(x) if self.last_relu else x


def program() -> Recipe:
    optimizer = "adam(lr=0.003)"
    return recipe("fashion_mnist(train=5400)", Net, nn.CrossEntropyLoss(), optimizer, batch_size=64, epochs=3)


case = Case(
    "fashion-cnn-last-relu",
    program,
    lambda: program().change(model=lambda: Net(last_relu=False)),
    stated=stated(
        "fashion-cnn-last-relu",
        "activation-on-logits | wrong-output-activation | dead-relu",
        fix="no relu behind the last layer",
    ),
)
