"""Checksums of what a training starts from, so that going on from other data or other weights is noticed."""

from __future__ import annotations

import zlib

import torch
from torch import Tensor

from whynet.engine.arm import Arm


def marks(arm: Arm) -> dict[str, str]:
    """Checksums of the arm's examples, split included, and of its network's initial weights and buffers."""
    data = arm.dataset
    examples = [data.train.pool_x, data.train.pool_y, data.train.index, data.validation.index, data.test.index]
    return {"data": _checksum(examples), "model": _checksum([arm.network.initial, *arm.network.buffers.values()])}


def _checksum(tensors: list[Tensor]) -> str:
    value = 0
    for tensor in tensors:
        value = zlib.crc32(str(tuple(tensor.shape)).encode(), value)
        value = zlib.crc32(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data, value)
    return f"{value:08x}"
