"""Where a training computes: on the processor, or on a graphics card where there is one.

    with use_device("cuda"): fit(recipe("digits"))

A device is no part of a recipe: it changes the last bits of a result, not what was asked for. All random numbers are drawn on the
processor and moved, so that orders, masks and initial weights are the same wherever a recipe is trained. Everything a training hands
out (histories, checkpoints, weights, answers) lies on the processor again.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

import torch
from torch import Tensor

from whynet.engine import cores
from whynet.errors import OptionError
from whynet.text import Text

CPU = torch.device("cpu")

_asked: ContextVar[str] = ContextVar("device", default="auto")


@contextmanager
def use_device(device: str) -> Iterator[None]:
    """Train on this device inside the block: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; ``auto`` leaves it as it is around the block.

    Raises `OptionError` where there is no such device.
    """
    if device == "auto":
        yield
        return
    find(device)  # or it raises, before anything is trained
    before = _asked.set(device)
    try:
        yield
    finally:
        _asked.reset(before)


def current() -> torch.device:
    """The device to train on: the one asked for, else CUDA, else MPS, else the processor."""
    return find(_asked.get())


def find(name: str) -> torch.device:
    """The device of that name; of several GPUs, each process that ``torchrun`` started on a machine takes its own.

    Raises `OptionError` where there is none.
    """
    there = devices()
    if name == "auto":
        name = there[0].partition(":")[0]
    if name == "cuda" and torch.cuda.is_available():
        name = f"cuda:{int(os.environ.get('LOCAL_RANK', 0)) % torch.cuda.device_count()}"
    if name not in there:
        known = re.fullmatch(r"cpu|mps|cuda(:\d+)?", name)
        raise OptionError(_ABSENT if known else _UNKNOWN, received=name, there=", ".join(there))
    return torch.device(name)


def devices() -> list[str]:
    """What this machine has, the one that ``auto`` takes first."""
    found = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return [*found, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def title(device: torch.device) -> str:
    """The device by name, with the model of a GPU: ``cuda (NVIDIA A100)``."""
    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type


def place(value: Tensor, device: torch.device) -> Tensor:
    """A tensor on the device; everything a training step is given went through here.

    Without waiting for the copy. MPS has no float64, so a float64 number is rounded to float32 there: learning rates to 6e-8, and
    Adam's correction of its first steps, 1 - 0.999ᵗ, to 1e-4 of itself.
    """
    if device.type == "cpu":
        return value
    if device.type == "mps" and value.dtype == torch.float64:
        value = value.float()
    return value.to(device, non_blocking=True)


def home(value: Tensor) -> Tensor:
    """A tensor on the processor again, the copy complete; itself where it is there."""
    return value.cpu()


@contextmanager
def faithful(device: torch.device) -> Iterator[None]:
    """Inside the block convolutions on CUDA are float32, not TF32 with its 11 bits, and come out the same each time.

    For matrix products that is torch's default, and left to ``torch.set_float32_matmul_precision``.
    """
    if device.type != "cuda":
        yield
        return
    with torch.cuda.device(device), torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False):
        yield


@contextmanager
def drawing(device: torch.device, seed: int) -> Iterator[None]:
    """Inside the block the device's own generator starts at this seed, for networks that draw there; as it was afterwards."""
    if device.type == "cpu":
        yield
        return
    room = getattr(torch, device.type)  # torch.cuda, torch.mps
    where = [device] if device.type == "cuda" else []
    before = room.get_rng_state(*where)
    room.manual_seed(seed)
    try:
        yield
    finally:
        room.set_rng_state(before, *where)


def seconds(device: torch.device) -> float:
    """A clock for work on the device: the processor's own time, which nothing else it is busy with shows in, else the wall's."""
    if device.type == "cpu":
        return time.thread_time()
    getattr(torch, device.type).synchronize()
    return time.perf_counter()


def free_memory(device: torch.device) -> int:
    """Bytes that nobody uses: of the GPU's own memory, or of the machine's."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else cores.free_memory()


def inside(device: torch.device) -> torch.device | nullcontext[None]:
    """A block in which tensors that a forward pass makes (``torch.arange(T)``) are made on the device."""
    return nullcontext() if device.type == "cpu" else device


_ABSENT = Text(
    "There is no device {received} here. What is here: {there}.",
    "여기에는 {received} 장치(device)가 없다. 있는 것: {there}.",
)
_UNKNOWN = Text(
    "Expected a device: auto, cpu, cuda, cuda:1 or mps. Received: {received}. What is here: {there}.",
    "장치(device)는 auto, cpu, cuda, cuda:1, mps 가운데 하나다. 받은 것: {received}. 여기에 있는 것: {there}.",
)
