"""The loop one would write by hand: an `nn.Module`, torch's own Adam as it is by default, tensors in memory, one shuffle an epoch."""

import time

import serving
import torch
from serving import BATCH, GIVEN, SIZES, X, Y, serve
from torch import nn
from torch.nn.functional import cross_entropy

torch.set_num_threads(GIVEN["threads"])
torch.manual_seed(GIVEN["seeds"][0])


def mlp() -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in SIZES:
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def lenet5() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, serving.CLASSES),
    )  # fmt: skip


x, y = torch.from_numpy(X), torch.from_numpy(Y)
module = mlp() if "widths" in GIVEN else lenet5()
optimizer = torch.optim.Adam(module.parameters(), lr=GIVEN["rates"][0])


def train(epochs: int) -> tuple[float, float]:
    start = time.perf_counter()
    for _ in range(epochs):
        total = torch.zeros(())
        for batch in torch.randperm(len(x)).split(BATCH):
            loss = cross_entropy(module(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        mean = total.item() / serving.PER_EPOCH
    return time.perf_counter() - start, mean


serve(train)
