"""What a batch's size does to its gradient: how far it strays from that of all examples, and what it costs."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from whynet.engine.arm import Arm
from whynet.engine.network import Network
from whynet.engine.probes.probe import Probe, View
from whynet.rng import generator


class Place(Probe):
    """The weights themselves, before the step: for networks of very few."""

    name = "place"
    needs = frozenset({"weights"})

    def layers(self, network: Network) -> list[str]:
        return [f"w{i + 1}" for i in range(network.size)]

    def measure(self, view: View) -> Tensor:
        return view.weights


def gradient(arm: Arm, rows: Tensor) -> Tensor:
    """∂L/∂w at the initial weights over these examples of the pool, (P,)."""
    weights, train = arm.network.initial.clone().requires_grad_(), arm.dataset.train
    loss = arm.loss(arm.network(weights, dict(arm.network.buffers), train.pool_x[rows]), train.pool_y[rows])
    return torch.autograd.grad(loss, weights)[0]


def straying(arm: Arm, sizes: tuple[int, ...], draws: int = 60) -> pd.DataFrame:
    """√E‖g_B − g‖² / ‖g‖ by batch size, examples drawn with replacement, and the median seconds of one g_B: size, noise, seconds."""
    index, stream = arm.dataset.train.index, generator(arm.seed, "sample", "batches")
    whole, rows = gradient(arm, index), []
    for size in sizes:
        squares, seconds = [], []
        for _ in range(draws):
            batch = index[torch.randint(len(index), (size,), generator=stream)]
            began = time.perf_counter()
            drawn = gradient(arm, batch)
            seconds.append(time.perf_counter() - began)
            squares.append(float((drawn - whole).square().sum()))
        rows.append((size, float(np.sqrt(np.mean(squares)) / whole.norm()), float(np.median(seconds))))
    return pd.DataFrame(rows, columns=["size", "noise", "seconds"])


def slope(table: pd.DataFrame) -> float:
    """b of noise = a · B^b, least squares on logarithms."""
    return float(np.polyfit(np.log(table["size"]), np.log(table["noise"]), 1)[0])


def detour(path: np.ndarray) -> float:
    """The length of a path (T, D) over the straight distance between its ends: 1 for a straight one."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    return float(steps / np.linalg.norm(path[-1] - path[0]))
