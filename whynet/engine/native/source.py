"""The C++ text of a step as it grows, and the memory its values take while they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import prod

import torch

from whynet.engine.native.pointwise import TYPES
from whynet.engine.native.tree import Leaf, leaf

ALIGN = 64
# Between two statements the compiler may move nothing. Left to itself it works on several loops at once, and what comes of that is
# slower: a small network's step took 34 instead of 19 µs.
APART = 'asm volatile("" ::: "memory");'


@dataclass
class Room:
    """Memory for one value, from the statement that writes it to the last that reads it."""

    name: str
    dtype: torch.dtype
    size: int  # bytes
    first: int = -1
    last: int = -1
    offset: int = 0
    inside: tuple[str, int] | None = None  # the value it is a part of, and where in it, in elements


class Source:
    """Statements in order, and the values between them."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.rooms: dict[str, Room] = {}
        self.named: list[str] = []  # declarations of inputs and outputs

    def room(self, dtype: torch.dtype, shape: Sequence[int]) -> Leaf:
        """A new value in scratch memory."""
        name = f"b{len(self.rooms)}"
        self.rooms[name] = Room(name, dtype, max(1, prod(shape)) * dtype.itemsize)
        return leaf(name, dtype, shape)

    def say(self, text: str, uses: Iterable[str]) -> None:
        """A statement, which reads or writes these values."""
        at = len(self.statements)
        self.statements.append(text)
        for name in uses:
            room = self.rooms.get(name)
            if room:
                room.first = at if room.first < 0 else room.first
                room.last = at

    def _place(self) -> int:
        """Give every room its place, so that none overlap that are needed at the same time; the bytes of all."""
        for room in self.rooms.values():  # a value is needed as long as its parts are
            whole = self._whole(room)
            if whole is not room and whole is not None and room.first >= 0:
                whole.first = min(whole.first, room.first) if whole.first >= 0 else room.first
                whole.last = max(whole.last, room.last)
        placed: list[Room] = []
        total = 0
        own = [r for r in self.rooms.values() if r.first >= 0 and r.inside is None]
        for room in sorted(own, key=lambda r: (-r.size, r.first)):
            size = -(-room.size // ALIGN) * ALIGN
            at = 0
            for other in sorted((o for o in placed if o.first <= room.last and room.first <= o.last), key=lambda o: o.offset):
                if at + size <= other.offset:
                    break
                at = max(at, other.offset + -(-other.size // ALIGN) * ALIGN)
            room.offset = at
            placed.append(room)
            total = max(total, at + size)
        return total

    def _whole(self, room: Room) -> Room | None:
        """The value that a room is a part of, itself where it is none, None where that is an output."""
        while room.inside is not None:
            if room.inside[0] not in self.rooms:
                return None
            room = self.rooms[room.inside[0]]
        return room

    def text(self) -> str:
        """The whole file."""
        total = self._place()
        lines = [(files("whynet.engine.native") / "kernels.h").read_text()]
        lines += [f'extern "C" {{ int64_t scratch_bytes = {total}; }}', ""]
        lines.append("static void step(const void* const* in, void* const* out, char* scratch) {")
        lines += [f"  {line}" for line in self.named]
        for room in sorted(self.rooms.values(), key=_depth(self.rooms)):
            c = TYPES[room.dtype]
            if room.inside is not None:
                lines.append(f"  {c}* const {room.name} = {room.inside[0]} + {room.inside[1]};")
            elif room.first >= 0:
                lines.append(f"  {c}* const {room.name} = ({c}*)(scratch + {room.offset});")
        for statement in self.statements:
            lines += [f"  {line}" for line in (*statement.splitlines(), APART)]
        return "\n".join([*lines, "}", ""])


def _depth(rooms: Mapping[str, Room]) -> Callable[[Room], int]:
    """How many values a room is inside of; the outer ones are declared first."""

    def depth(room: Room) -> int:
        return 0 if room.inside is None else 1 + (depth(rooms[room.inside[0]]) if room.inside[0] in rooms else 0)

    return depth
