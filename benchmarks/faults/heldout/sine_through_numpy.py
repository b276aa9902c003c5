""" "Use tensor.detach().numpy() instead", said the error, and so they did, in the middle of forward.

1 – Linear 20 – np.tanh – Linear 20 – np.tanh – Linear 1, mean squared error, Adam at 0.01, batches of 32, 200 epochs of two
waves. Only the last layer gets a gradient.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated
from whynet.data import load


class Net(nn.Module):
    def __init__(self, numpy: bool) -> None:
        super().__init__()
        self.numpy = numpy
        self.fc1, self.fc2, self.fc3 = nn.Linear(1, 20), nn.Linear(20, 20), nn.Linear(20, 1)

    def bend(self, h: Tensor) -> Tensor:
        return torch.from_numpy(np.tanh(h.detach().numpy())) if self.numpy else torch.tanh(h)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(self.bend(self.fc2(self.bend(self.fc1(x)))))


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """R² on the test points."""
    torch.manual_seed(seed)
    wave = load("sine(n=400, waves=2)")
    x, y = wave.train.x, wave.train.y
    net = Net(numpy=not fixed)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    loss_fn = nn.MSELoss()
    with watch(net, optimizer):
        for _epoch in range(200):
            for batch in torch.randperm(len(x)).split(32):
                loss = loss_fn(net(x[batch]), y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        error = (net(wave.test.x) - wave.test.y).square().mean()
    return 1 - (error / wave.test.y.var(correction=0)).item()


case = Case(
    "sine-through-numpy",
    train=train,
    measure="r2",
    stated=stated("sine-through-numpy", "detached-graph | frozen-parameters", fix="torch.tanh"),
)
