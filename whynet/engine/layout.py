"""How pictures lie in memory: with the channels of a pixel side by side where that is faster for a network's convolutions.

On one core a step of three convolutions of 32 and 64 channels takes 0.56 of the time so laid out, and an evaluation 0.35
(``benchmarks/layout.py``). Narrower ones gain too and are left as they are: small networks are what the engine's own machine code
is for. Values are the same up to the order in which a convolution adds.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MANY = 32  # channels that some convolution puts out
PICTURES = 4  # dimensions of (B, C, H, W)


def gains_from_channels_last(module: nn.Module) -> bool:
    """Whether a network is convolutional and wide enough."""
    return any(isinstance(child, nn.Conv2d) and child.out_channels >= MANY for child in module.modules())


def channels_last(x: Tensor) -> Tensor:
    """The same pictures (B, C, H, W), channels innermost in memory; anything else, and the batches of mapped networks, as they are."""
    if x.ndim != PICTURES or torch._C._functorch.is_batchedtensor(x):
        return x
    if x.shape[1] == 1 and x.is_contiguous():  # one channel lies either way: it has to be said which is meant
        b, c, h, w = x.shape
        return x.as_strided((b, c, h, w), (h * w, 1, w, 1), x.storage_offset())
    return x.contiguous(memory_format=torch.channels_last)
