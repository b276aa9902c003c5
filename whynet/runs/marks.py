"""Checksums of what a training starts from, so that going on from other data or other weights is noticed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import torch
from torch import Tensor

from whynet.engine.arm import Arm


def marks(arm: Arm) -> dict[str, str]:
    """Checksums of the arm's examples, split included, and of its network's initial weights and buffers."""
    return {"data": _checksum(_examples(arm)), "model": _checksum(_start(arm))}


def marks_of_all(arms: Sequence[Arm]) -> dict[str, str]:
    """Those of many arms, in their order; data that they share is read once."""
    known: dict[int, str] = {}
    for tensor in [tensor for arm in arms for tensor in _examples(arm)]:
        if id(tensor) not in known:
            known[id(tensor)] = _checksum([tensor])
    data = " ".join(known[id(tensor)] for arm in arms for tensor in _examples(arm))
    return {"data": f"{zlib.crc32(data.encode()):08x}", "model": _checksum([tensor for arm in arms for tensor in _start(arm)])}


def _examples(arm: Arm) -> list[Tensor]:
    data = arm.dataset
    return [data.train.pool_x, data.train.pool_y, data.train.index, data.validation.index, data.test.index]


def _start(arm: Arm) -> list[Tensor]:
    return [arm.network.initial, *arm.network.buffers.values()]


def _checksum(tensors: list[Tensor]) -> str:
    value = 0
    for tensor in tensors:
        value = zlib.crc32(str(tuple(tensor.shape)).encode(), value)
        value = zlib.crc32(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data, value)
    return f"{value:08x}"
