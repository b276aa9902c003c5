"""A compiled step as Python calls it: one step of some arms, or many steps of each with one call."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from whynet.engine.native.source import ALIGN


class _Place(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("arm", ctypes.c_int64), ("step", ctypes.c_int64)]


class _Burst(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in ("arms", "steps", "batch", "states", "inputs", "outputs")),
        ("into", ctypes.c_void_p), ("out", ctypes.c_void_p), ("size", ctypes.c_void_p),
        ("x", ctypes.c_int64), ("y", ctypes.c_int64), ("pool_x", ctypes.c_void_p), ("pool_y", ctypes.c_void_p),
        ("row_x", ctypes.c_int64), ("row_y", ctypes.c_int64), ("positions", ctypes.c_void_p),
        ("positions_arm", ctypes.c_int64), ("positions_step", ctypes.c_int64),
        ("gathered_x", ctypes.c_void_p), ("gathered_y", ctypes.c_void_p), ("spare", ctypes.c_void_p), ("scratch", ctypes.c_void_p),
    ]  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """The shapes and types of one arm's step: inputs (states, then the rest) and outputs (loss, states, readings)."""

    inputs: tuple[tuple[tuple[int, ...], torch.dtype], ...]
    outputs: tuple[tuple[tuple[int, ...], torch.dtype], ...]
    states: int
    x: int  # which input
    y: int

    @property
    def batch(self) -> int:
        """Examples in a step."""
        return self.inputs[self.x][0][0]


class NativeStep:
    """The machine code of one arm's step."""

    def __init__(self, library: ctypes.CDLL, signature: Signature) -> None:
        self.library, self.signature = library, signature
        sizes = [prod(shape) * dtype.itemsize for shape, dtype in signature.inputs]
        self._state_bytes = (ctypes.c_int64 * max(1, signature.states))(*sizes[: signature.states])
        self._row_x, self._row_y = (sizes[i] // signature.batch for i in (signature.x, signature.y))
        spare = sum(-(-size // ALIGN) * ALIGN for size in sizes[: signature.states])
        scratch = ctypes.c_int64.in_dll(library, "scratch_bytes").value
        self._rooms = [_room(n) for n in (sizes[signature.x], sizes[signature.y], spare, scratch)]

    def burst(
        self,
        states: Sequence[Tensor],
        rest: Sequence[tuple[Tensor, bool, bool]],
        pool_x: Tensor,
        pool_y: Tensor,
        positions: Tensor,
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        """Steps of arms, one after another: losses (K, A), states (A, …) after the last, readings (K, A, R).

        states: (A, …) each. rest: the inputs after the states but x and y, each with whether it has a leading axis of steps and of
        arms: (K, A, …), (K, …), (A, …) or (…). positions: of the examples in the pools, int64, (K, A, B).
        """
        sign = self.signature
        steps, arms, _ = positions.shape
        states = [one.contiguous() for one in states]
        positions = positions.contiguous()
        kept: list[Tensor] = [*states, positions]
        places = [_place(one, 0, _bytes(one) // arms) for one in states]
        given = iter(rest)
        for i in range(sign.states, len(sign.inputs)):
            if i in (sign.x, sign.y):
                places.append(_Place(None, 0, 0))
                continue
            tensor, by_step, by_arm = next(given)
            tensor = tensor.contiguous()
            kept.append(tensor)
            own = prod(sign.inputs[i][0]) * sign.inputs[i][1].itemsize
            places.append(_place(tensor, own * (arms if by_arm else 1) if by_step else 0, own if by_arm else 0))
        losses = torch.empty((steps, arms), dtype=sign.outputs[0][1])
        after = [torch.empty((arms, *shape), dtype=dtype) for shape, dtype in sign.outputs[1 : 1 + sign.states]]
        readings = torch.empty((steps, arms, *sign.outputs[-1][0]), dtype=sign.outputs[-1][1])
        out = [_place(losses, losses.itemsize * arms, losses.itemsize)]
        out += [_place(one, 0, _bytes(one) // arms) for one in after]
        out.append(_place(readings, _bytes(readings) // steps, _bytes(readings) // (steps * arms)))
        ins, outs = (_Place * len(places))(*places), (_Place * len(out))(*out)
        gathered_x, gathered_y, spare, scratch = (room.data_ptr() for room in self._rooms)
        call = _Burst(
            arms, steps, sign.batch, sign.states, len(places), len(out),
            ctypes.addressof(ins), ctypes.addressof(outs), ctypes.addressof(self._state_bytes),
            sign.x, sign.y, pool_x.data_ptr(), pool_y.data_ptr(), self._row_x, self._row_y,
            positions.data_ptr(), positions.stride(1), positions.stride(0), gathered_x, gathered_y, spare, scratch,
        )  # fmt: skip
        self.library.burst(ctypes.addressof(call))
        return losses, after, readings


def _room(size: int) -> Tensor:
    return torch.empty(size // 4 + ALIGN, dtype=torch.float32)


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.itemsize


def _place(tensor: Tensor, step: int, arm: int) -> _Place:
    return _Place(tensor.data_ptr(), arm, step)
