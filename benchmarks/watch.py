"""What watching a user's own loop costs: seconds a step with ``whynet.watch`` over without, in rounds that take turns.

    python -m benchmarks.watch

Every round trains the same model twice from the same weights, watched and not, in an order that alternates; a ratio is taken within
a round, and the median of the rounds is reported with the quartiles. Seconds are those of the processor, on one thread, so that what
else the machine does stays out. Entering, leaving and the diagnosis count as well.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from benchmarks.machine import facts


class LeNet(nn.Module):
    """LeNet-5 on 28 × 28 (LeCun et al. 1998), with relu."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.third, self.fourth, self.last = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.first(x).relu(), 2)
        x = F.max_pool2d(self.second(x).relu(), 2)
        return self.last(self.fourth(self.third(x.flatten(1)).relu()).relu())


class Transformer(nn.Module):
    """Two layers of width 64, next token out of 64."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(64, 64)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 256, 0.1, batch_first=True), 2)
        self.last = nn.Linear(64, 64)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.layers(self.words(x))).transpose(1, 2)  # (B, K, T)


def lenet() -> tuple[nn.Module, Tensor, Tensor]:
    return LeNet(), torch.randn(2048, 1, 28, 28), torch.randint(0, 10, (2048,))


def transformer() -> tuple[nn.Module, Tensor, Tensor]:
    return Transformer(), torch.randint(0, 64, (1024, 32)), torch.randint(0, 64, (1024, 32))


CASES: dict[str, tuple[Callable[[], tuple[nn.Module, Tensor, Tensor]], int]] = {
    "lenet": (lenet, 64),
    "transformer": (transformer, 32),
}


def seconds(make: Callable[[], tuple[nn.Module, Tensor, Tensor]], batch: int, steps: int, watched: bool) -> float:
    """One training, processor seconds a step."""
    torch.manual_seed(0)
    model, x, y = make()
    optimizer = torch.optim.Adam(model.parameters())
    began = time.process_time()
    with whynet.watch(model, optimizer) if watched else nullcontext():
        for _ in range(steps):
            part = torch.randint(0, len(x), (batch,))
            optimizer.zero_grad()
            F.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
    return (time.process_time() - began) / steps


def measure(name: str, steps: int, rounds: int) -> dict[str, float]:
    """Ratios of one case."""
    make, batch = CASES[name]
    seconds(make, batch, 20, True)  # what is done once: imports, kernels chosen
    with_it, without = [], []
    for i in range(rounds):
        for watched in (True, False) if i % 2 else (False, True):
            (with_it if watched else without).append(seconds(make, batch, steps, watched))
    low, middle, high = np.percentile(np.array(with_it) / np.array(without), [25, 50, 75])
    return {
        "plain_ms": 1e3 * float(np.median(without)), "watched_ms": 1e3 * float(np.median(with_it)),
        "ratio": float(middle), "low": float(low), "high": float(high),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=11)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(json.dumps({"machine": facts(), "steps": given.steps, "rounds": given.rounds}, default=str), flush=True)
    for name in CASES:
        print(name, json.dumps(measure(name, given.steps, given.rounds)), flush=True)


if __name__ == "__main__":
    main()
