"""Random numbers inside a training step, drawn outside of it.

Dropout and noise layers draw from a global generator, so the masks of one network would depend on which others train beside it.
Here a pass is first run once to record which numbers it draws; from then on each arm's numbers are drawn from its own stream,
for each step afresh, and handed to the step as an input. The same arm therefore sees the same masks alone, in a population,
traced or not, and after a resume.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from whynet.rng import Stream, derive, generator


@dataclass(frozen=True)
class Rows:
    """Which rows of a batch a pass is given: all of them, unless processes share it."""

    start: int
    stop: int
    whole: int


class Tape:
    """The random numbers of one pass, in the order in which it asks for them."""

    def __init__(self, uniform: Tensor | None, normal: Tensor | None) -> None:
        self.uniform, self.normal = uniform, normal  # (U,), (N,); None while recording
        self.asked = {"uniform": 0, "normal": 0}
        self.shapes: list[tuple[int, ...]] = []  # of each draw, in order
        self.rows: Rows | None = (
            None  # where the pass has a share of the batch, and `shapes` are those of a pass over all of it
        )
        self._taken = 0
        self.overlooked = False  # whether the pass drew from a global generator in a way the tape does not know
        self.outside = False  # whether that was Python's or NumPy's, whose numbers no graph of tensors can hold
        self.counts: list[str] = []  # plain attributes that the pass changed, such as a count of its calls

    @classmethod
    def recording(cls) -> Tape:
        """A tape that notes what is asked for and answers with zeros of the right shape."""
        return cls(None, None)

    @property
    def is_empty(self) -> bool:
        """Whether the recorded pass drew nothing."""
        return not any(self.asked.values())

    def silent(self) -> Tape | None:
        """A tape that answers with zeros and halves, for a pass whose exact masks do not matter."""
        return None if self.is_empty else Tape.recording()

    def take(self, kind: str, like: Tensor, shape: tuple[int, ...], dtype: torch.dtype | None = None) -> Tensor:
        """The next numbers: uniform on [0, 1) or standard normal."""
        dtype = dtype or like.dtype
        source = self.uniform if kind == "uniform" else self.normal
        whole = shape if self.rows is None else self.shapes[self._taken]
        start, count = self.asked[kind], math.prod(whole)
        self.asked[kind] = start + count
        self._taken += 1
        if source is None:
            self.shapes.append(shape)
            return torch.full(shape, 0.5 if kind == "uniform" else 0.0, dtype=dtype, device=like.device)
        drawn = source[start : start + count].view(whole)
        for axis, (all_of, own) in enumerate(zip(whole, shape, strict=True)):
            if self.rows is not None and own != all_of:  # the rows, or whole blocks of what was made of each
                drawn = drawn.narrow(axis, self.rows.start * (all_of // self.rows.whole), own)
        return drawn.to(dtype)


def draw(asked: dict[str, int], seed: int, step: int) -> tuple[Tensor, Tensor]:
    """One arm's numbers for one step: uniform (U,) and normal (N,), each from its own stream."""
    return (
        torch.rand(asked["uniform"], generator=generator(seed, "dropout", step)),
        torch.randn(asked["normal"], generator=generator(seed, "noise", step)),
    )


@contextmanager
def taped(tape: Tape | None) -> Iterator[None]:
    """Inside the block every random draw of torch's dropout and noise functions is taken from the tape."""
    with _Taped(tape) if tape is not None else nullcontext():
        yield


@contextmanager
def watched(tape: Tape) -> Iterator[None]:
    """Note on the tape whether the block draws from a global generator; all three are as they were after it."""
    with _kept():
        before = torch.get_rng_state(), random.getstate(), repr(np.random.get_state(legacy=False))
        yield
        tape.outside = (random.getstate(), repr(np.random.get_state(legacy=False))) != before[1:]
        tape.overlooked = tape.outside or not torch.equal(before[0], torch.get_rng_state())


@contextmanager
def seeded(seed: int, stream: Stream, *path: int) -> Iterator[None]:
    """The global generators of torch, Python and NumPy at the start of a stream; as they were after the block."""
    with _kept():
        start = derive(seed, stream, *path)
        torch.default_generator.manual_seed(start)
        random.seed(start)
        np.random.seed(start % 2**32)
        yield


@contextmanager
def _kept() -> Iterator[None]:
    pythons, numpys = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(pythons)
        np.random.set_state(numpys)


class _Taped(TorchFunctionMode):
    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self.tape = tape

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        replacement = _REPLACED.get(function)
        return replacement(self.tape, *args, **(kwargs or {})) if replacement else function(*args, **(kwargs or {}))


# Their parameters are named as torch names them, since callers may name them too.


def _dropout(tape: Tape, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    return _mask(tape, input, p, tuple(input.shape)) if training else input


def _torch_dropout(tape: Tape, input: Tensor, p: float, train: bool) -> Tensor:
    return _dropout(tape, input, p, train)


def _channel_dropout(tape: Tape, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    whole = (*input.shape[:2], *(1 for _ in input.shape[2:]))  # whole channels (Tompson, 2015)
    return _mask(tape, input, p, whole) if training else input


def _mask(tape: Tape, x: Tensor, p: float | Tensor, shape: tuple[int, ...]) -> Tensor:
    uniform = tape.take("uniform", x, shape, torch.promote_types(x.dtype, torch.float32))  # rounded, others would drop out
    if isinstance(p, Tensor):  # an arm's own, 0-dim float64: rounded as plain numbers are, or the mask would be float64 as well
        return x * (uniform >= p.to(uniform)) * (1 / (1 - p)).to(x)
    return x * (uniform >= p) * (1 / (1 - p) if p < 1 else 0.0)


def _rand_like(tape: Tape, input: Tensor, **_: Any) -> Tensor:
    return tape.take("uniform", input, tuple(input.shape))


def _randn_like(tape: Tape, input: Tensor, **_: Any) -> Tensor:
    return tape.take("normal", input, tuple(input.shape))


def _bernoulli(tape: Tape, input: Tensor, p: float | None = None, **_: Any) -> Tensor:
    return (tape.take("uniform", input, tuple(input.shape)) < (input if p is None else p)).to(input.dtype)


def _rand(tape: Tape, *size: Any, **options: Any) -> Tensor:
    return tape.take("uniform", torch.empty(0, dtype=options.get("dtype"), device=options.get("device")), _shape(size, options))


def _randn(tape: Tape, *size: Any, **options: Any) -> Tensor:
    return tape.take("normal", torch.empty(0, dtype=options.get("dtype"), device=options.get("device")), _shape(size, options))


def _shape(size: tuple[Any, ...], options: dict[str, Any]) -> tuple[int, ...]:
    given = options.get("size", size)
    return tuple(given[0]) if len(given) == 1 and not isinstance(given[0], int) else tuple(given)


_REPLACED: dict[Any, Callable[..., Any]] = {
    F.dropout: _dropout,
    torch.dropout: _torch_dropout,
    F.dropout1d: _channel_dropout,
    F.dropout2d: _channel_dropout,
    F.dropout3d: _channel_dropout,
    torch.rand: _rand,
    torch.randn: _randn,
    torch.rand_like: _rand_like,
    torch.randn_like: _randn_like,
    torch.bernoulli: _bernoulli,
}
