"""How one library names the weights of one family of networks, as a table from its names to ours.

Each line of a table is a pattern for how a name begins and what stands there in ours; the first that fits counts, and what comes after
stays as it is. ``None`` in place of ours leaves a weight out. Weights whose new names end in ``#0``, ``#1``, … are one after another
the rows of one weight of ours; one whose new name ends in ``!`` is a convolution over a whole map, and becomes a matrix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Ours = str | Callable[[re.Match[str]], str] | None
Table = tuple[tuple[str, Ours], ...]

PART = re.compile(r"(.+)#(\d+)(\..+)")  # attention.qkv#1.weight


@dataclass(frozen=True)
class Layout:
    """The names of a family of ours, such as ``resnet``, in a library, such as ``torchvision``."""

    family: str
    library: str
    signs: tuple[str, ...]  # names that are in every such file, and together in no other
    table: Table | Callable[[Collection[str]], Table]  # or one that depends on the names in the file
    prefix: str = ""  # of all names but the head's, in files that hold a head

    def __str__(self) -> str:
        return f"{self.family} ({self.library})"

    def fits(self, names: Collection[str]) -> bool:
        """Whether a file with these names is so laid out."""
        return {name.removeprefix(self.prefix) for name in names} >= set(self.signs)

    def renamed(self, names: Collection[str]) -> dict[str, str | None]:
        """Our name of each; None for what we have no use for, the same one for what the table does not know."""
        table = self.table(names) if callable(self.table) else self.table
        patterns = [(re.compile(pattern), ours) for pattern, ours in table]
        return {name: _rename(name.removeprefix(self.prefix), patterns) for name in names}

    def translate(self, weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The weights by our names, and what each was called."""
        made: dict[str, Tensor] = {}
        origin: dict[str, str] = {}
        parts: dict[str, dict[int, Tensor]] = {}
        for name, ours in self.renamed(weights).items():
            if ours is None:
                continue
            part, value = PART.fullmatch(ours), weights[name]
            if part:
                ours = part[1] + part[3]
                parts.setdefault(ours, {})[int(part[2])] = value
            elif "!" in ours:
                ours = ours.replace("!", "")
                made[ours] = value.flatten(1) if value.ndim > 1 else value
            else:
                made[ours] = value
            origin[ours] = name
        return {**made, **{ours: torch.cat([pieces[i] for i in sorted(pieces)]) for ours, pieces in parts.items()}}, origin


def _rename(name: str, patterns: list[tuple[re.Pattern[str], Ours]]) -> str | None:
    for pattern, ours in patterns:
        found = pattern.match(name)
        if found:
            return None if ours is None else (ours(found) if callable(ours) else found.expand(ours)) + name[found.end() :]
    return name
