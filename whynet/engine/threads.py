"""How many threads a training may use inside one operation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from whynet.engine.arm import Arm


@contextmanager
def fitting_threads(arms: Sequence[Arm]) -> Iterator[None]:
    """One thread for networks whose operations are small; as many as torch has for convolutions.

    Splitting a 64 × 64 product over two threads costs more than it saves, and thirty times more where another process has the second
    core. The number that was set before comes back afterwards.
    """
    before = torch.get_num_threads()
    if not any(has_convolutions(arm.network.module) for arm in arms):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def has_convolutions(module: nn.Module) -> bool:
    """Whether any layer is a convolution."""
    return any(isinstance(child, nn.modules.conv._ConvNd) for child in module.modules())
