""" "Adding layers changes nothing": the hidden layers are in a Python list, so that model.parameters() does not know of them.

2 – three times Linear 24 tanh – Linear 2, cross-entropy, Adam at 0.01, batches of 32, 80 epochs of two spirals.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated
from whynet.data import load


class Net(nn.Module):
    def __init__(self, listed: bool) -> None:
        super().__init__()
        layers = [nn.Linear(2, 24), nn.Linear(24, 24), nn.Linear(24, 24)]
        self.hidden = nn.ModuleList(layers) if listed else layers
        self.out = nn.Linear(24, 2)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.out(x)


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on the test points."""
    torch.manual_seed(seed)
    spirals = load("spirals(n=600)")
    x, y = spirals.train.x, spirals.train.y
    model = Net(listed=fixed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss_fn = nn.CrossEntropyLoss()
    with watch(model, optimizer):
        for _epoch in range(80):
            for batch in torch.randperm(len(x)).split(32):
                optimizer.zero_grad()
                loss = loss_fn(model(x[batch]), y[batch])
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        return (model(spirals.test.x).argmax(1) == spirals.test.y).float().mean().item()


case = Case(
    "spirals-python-list",
    train=train,
    stated=stated("spirals-python-list", "optimizer-misses-parameters | frozen-parameters", fix="nn.ModuleList"),
)
