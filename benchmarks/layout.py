"""What channels innermost in memory are worth: a training step and an evaluation with them over without, in rounds that take turns.

    python -m benchmarks.layout

One thread. A ratio is taken within a round; the median of the rounds is reported with the quartiles.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.machine import facts
from whynet.engine.layout import channels_last

ROUNDS, STEPS, BATCH, EVALUATED = 9, 3, 64, 512


def network(width: int) -> nn.Module:
    """Three convolutions with batch normalisation and pooling on 3 × 32 × 32, and a linear layer."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, width), (width, 2 * width), (2 * width, 2 * width)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2 * width * 16, 10))


def seconds(run: Callable[[], object], times: int) -> float:
    """Processor seconds of one run, after one that does not count."""
    run()
    began = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - began) / times


def main() -> None:
    torch.set_num_threads(1)
    print(facts())
    for width in (4, 8, 16, 32, 64):
        model, x, y = network(width), torch.randn(BATCH, 3, 32, 32), torch.randint(10, (BATCH,))
        test = torch.randn(EVALUATED, 3, 32, 32)

        def step(x: Tensor, model: nn.Module = model, y: Tensor = y) -> None:
            model.zero_grad()
            F.cross_entropy(model(x), y).backward()

        def evaluate(change: Callable[[Tensor], Tensor], model: nn.Module = model, test: Tensor = test) -> None:
            with torch.no_grad():
                for part in test.split(BATCH):
                    model(change(part))

        ratios = []
        for i in range(ROUNDS):
            order = (True, False) if i % 2 else (False, True)
            took = {
                last: (
                    seconds(partial(step, channels_last(x) if last else x), STEPS),
                    seconds(partial(evaluate, channels_last if last else torch.clone), 1),
                )
                for last in order
            }
            ratios.append([took[True][k] / took[False][k] for k in range(2)])
        low, middle, high = np.percentile(ratios, [25, 50, 75], axis=0)
        words = [f"{m:.2f} ({a:.2f}–{b:.2f})" for a, m, b in zip(low, middle, high, strict=True)]
        print(f"| {width}, {2 * width}, {2 * width} | {words[0]} | {words[1]} |", flush=True)


if __name__ == "__main__":
    main()
