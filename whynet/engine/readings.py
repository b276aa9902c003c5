"""What probes read, in columns: many numbers that are one `Reading` each only when somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

Series = tuple[str, str]  # a probe and a layer ("" for the whole network)


@dataclass(frozen=True)
class Reading:
    """One number of one probe: the measured step, the layer (or "" for the whole network), the value."""

    step: int  # the step, counted from 1, during which it was taken
    probe: str
    layer: str
    value: float


@dataclass(frozen=True, eq=False)
class Block:
    """Readings in columns of equal length."""

    series: tuple[Series, ...]
    step: np.ndarray  # int64
    which: np.ndarray  # of the series, uint32
    value: np.ndarray  # float64

    def __len__(self) -> int:
        return len(self.step)

    def __getitem__(self, part: slice) -> Block:
        return Block(self.series, self.step[part], self.which[part], self.value[part])

    def __iter__(self) -> Iterator[Reading]:
        for step, which, value in zip(self.step.tolist(), self.which.tolist(), self.value.tolist(), strict=True):
            probe, layer = self.series[which]
            yield Reading(step, probe, layer, value)


class Readings(Sequence[Reading]):
    """Readings in the order in which they were taken. Reads like a list of them."""

    def __init__(self, readings: Iterable[Reading] = (), blocks: Iterable[Block] = ()) -> None:
        self.blocks = list(blocks)
        self.extend(readings)

    def add(self, steps: Sequence[int], series: Sequence[Series], values: np.ndarray) -> None:
        """What was read at some steps, (S, L) for as many series."""
        if values.size:
            step, which = (
                np.repeat(np.asarray(steps, np.int64), len(series)),
                np.tile(np.arange(len(series), dtype=np.uint32), len(steps)),
            )
            self.blocks.append(Block(tuple(series), step, which, values.reshape(-1).astype(np.float64)))

    def extend(self, readings: Iterable[Reading]) -> None:
        """Take in readings one by one."""
        taken = list(readings)
        if taken:
            number = {key: i for i, key in enumerate(dict.fromkeys((one.probe, one.layer) for one in taken))}
            which = [number[one.probe, one.layer] for one in taken]
            columns = (
                np.array([one.step for one in taken], np.int64),
                np.array(which, np.uint32),
                np.array([one.value for one in taken]),
            )
            self.blocks.append(Block(tuple(number), *columns))

    def append(self, reading: Reading) -> None:
        """Take in one reading."""
        self.extend([reading])

    def __iadd__(self, readings: Iterable[Reading]) -> Readings:
        self.extend(readings)
        return self

    def copy(self) -> Readings:
        """The readings so far; they do not grow with these."""
        return Readings(blocks=self.blocks)

    def after(self, count: int) -> Readings:
        """All but the first so many."""
        rest = []
        for block in self.blocks:
            if count < len(block):
                rest.append(block[count:] if count else block)
            count = max(0, count - len(block))
        return Readings(blocks=rest)

    def series(self) -> list[Series]:
        """Every probe at every layer, in the order in which they were first read."""
        return list(dict.fromkeys(key for block in self.blocks for key in block.series))

    def columns(self) -> Block:
        """All of them in one block."""
        series = self.series()
        number = {key: i for i, key in enumerate(series)}
        which = [np.array([number[key] for key in block.series], np.uint32)[block.which] for block in self.blocks]
        joined = [np.concatenate([np.empty(0, kind), *parts]) for kind, parts in (
            (np.int64, [block.step for block in self.blocks]), (np.uint32, which), (np.float64, [block.value for block in self.blocks]),
        )]  # fmt: skip
        return Block(tuple(series), *joined)

    # --- as a list ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    def __iter__(self) -> Iterator[Reading]:
        for block in self.blocks:
            yield from block

    @overload
    def __getitem__(self, index: int) -> Reading: ...
    @overload
    def __getitem__(self, index: slice) -> list[Reading]: ...
    def __getitem__(self, index: int | slice) -> Reading | list[Reading]:
        return list(self)[index]

    def __eq__(self, other: Any) -> bool:
        return list(self) == list(other) if isinstance(other, Readings | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Readings({list(self)!r})"
