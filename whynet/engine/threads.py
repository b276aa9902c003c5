"""How many threads a training uses inside one operation: one.

Splitting a 64 × 64 product over two threads costs more than it saves, and thirty times more where another process holds the second
core: a LeNet-5 on a busy machine of two cores took 24 s with one thread and 240 s with two. The cores are better used by training
several networks at once. And the number of threads shows in the last bits of a result, which should not depend on the machine's mood.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread inside the block; the number that was set before comes back afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def has_convolutions(module: nn.Module) -> bool:
    """Whether any layer is a convolution."""
    return any(isinstance(child, nn.modules.conv._ConvNd) for child in module.modules())
