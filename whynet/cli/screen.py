"""What every verb prints with: one console for answers, one for messages, tables, short curves, numbers.

Nothing here knows a network. Where the output is no terminal there are no colours and no line is broken, so that it can be piped.
"""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.segment import Segments
from rich.table import Table
from rich.text import Text as Styled

from whynet.text import Text

BARS = "▁▂▃▄▅▆▇█"
READABLE = 40  # cells that a sentence needs to be read at ease
Cell = str | Text | float | int | None


def out() -> Console:
    """The console of answers. Made anew each time, because tests and pipes change ``sys.stdout``."""
    return Console(file=sys.stdout, markup=False, highlight=False, emoji=False)


def err() -> Console:
    """The console of messages and progress."""
    return Console(file=sys.stderr, markup=False, highlight=False, emoji=False)


def say(words: Text | str = "", style: str = "", to: Console | None = None) -> None:
    """One sentence; wrapped at words on a terminal, left whole in a pipe."""
    console = to or out()
    console.print(Styled(str(words), style=style), soft_wrap=not console.is_terminal)


def head(words: Text | str) -> None:
    """A heading with an empty line before it."""
    say()
    say(words, style="bold")


def verbatim(words: str, style: str = "") -> None:
    """A path or a command: never broken, so that it can be copied."""
    out().print(Styled(words, style=style), soft_wrap=True)


def pairs(rows: Iterable[tuple[Cell, Cell]]) -> None:
    """Names and what they are, in two columns; the second is wrapped under itself."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="cyan")
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(_cell(name), _cell(value))
    _print_table(grid)


def table(columns: Sequence[Cell], rows: Iterable[Sequence[Cell]], right: Sequence[int] = (), wrap: int | None = None) -> None:
    """A table with a rule under its head. ``right``: columns of numbers; ``wrap``: the one that may be broken into lines.

    Where the last column would be left with too little room on a terminal, it goes under each row instead.
    """
    kept, console = list(rows), out()
    if console.is_terminal and wrap == len(columns) - 1:
        others = _made(columns[:-1], [row[:-1] for row in kept], right, None)
        if console.width - _width(others) < READABLE < max((cell_len(str(row[-1])) for row in kept), default=0):
            _stacked(console, others, [row[-1] for row in kept])
            return
    _print_table(_made(columns, kept, right, wrap))


def _made(columns: Sequence[Cell], rows: Iterable[Sequence[Cell]], right: Sequence[int], wrap: int | None) -> Table:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for i, name in enumerate(columns):
        made.add_column(_cell(name), justify="right" if i in right else "left", no_wrap=i != wrap, overflow="fold")
    for row in rows:
        made.add_row(*(_cell(cell) for cell in row))
    return made


def _stacked(console: Console, made: Table, under: Sequence[Cell]) -> None:
    """The table line by line (head, rule, rows), with a cell indented under each row."""
    lines = list(console.render_lines(made, console.options.update(width=_width(made)), pad=False, new_lines=True))
    for i, line in enumerate(lines):
        console.print(Segments(line), end="")
        if i >= 2:
            console.print(Padding(_cell(under[i - 2]), (0, 0, 0, 4)))


def _print_table(made: Table) -> None:
    console = out()
    if console.is_terminal:
        console.print(made)
        return
    wide = Console(file=io.StringIO(), width=max(console.width, _width(made)))  # in a pipe nobody reads at 80 columns
    with wide.capture() as lines:
        wide.print(made)
    sys.stdout.write("".join(line.rstrip() + "\n" for line in lines.get().splitlines()))


def _width(made: Table) -> int:
    """What the table needs to stand unbroken."""
    return made.__rich_measure__(Console(width=10_000), Console(width=10_000).options).maximum


def _cell(value: Cell) -> Styled:
    return Styled("" if value is None else str(value))


# --- numbers ----------------------------------------------------------------------------------------------------------


def metric_text(value: float, metric: str) -> str:
    """A metric as it is spoken of: an accuracy in per cent, anything else as a number."""
    if not math.isfinite(value):
        return "–"
    return f"{100 * value:.1f} %" if metric == "accuracy" else f"{value:.3f}"


def metric_spark(values: Sequence[float], metric: str) -> str:
    """A metric's curve; a share stands between 0 and 1, so that a change of nothing looks like nothing."""
    return spark(values, ends=None if metric == "r2" else (0.0, 1.0))


def number(value: float) -> str:
    """A number of unknown size in four digits."""
    return "–" if not math.isfinite(value) else f"{value:.4g}"


def count(value: int) -> str:
    """A whole number with its thousands apart: 61,706."""
    return f"{value:,}"


def seconds(value: float) -> str:
    """A time as one would say it: 3.4 s, 2 min 05 s, 1 h 02 min."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def size(value: float) -> str:
    """Bytes: 61.7 kB, 1.2 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"


def spark(values: Sequence[float], width: int = 32, ends: tuple[float, float] | None = None, log: bool = False) -> str:
    """A curve as one line of bars, lowest to highest or between given ``ends``; a value that is not finite is a cross."""
    if len(values) > width:
        values = [values[round(i * (len(values) - 1) / (width - 1))] for i in range(width)]
    if log and all(value > 0 for value in values if math.isfinite(value)):
        values = [math.log(value) if math.isfinite(value) else value for value in values]
    known = [value for value in values if math.isfinite(value)]
    low, high = ends or ((min(known), max(known)) if known else (0.0, 0.0))
    span = high - low
    return "".join(
        "×" if not math.isfinite(value) else BARS[round((value - low) / span * (len(BARS) - 1)) if span else 0]
        for value in values
    )


def as_json(value: Any) -> None:
    """Print a value as JSON, and NaN as null, which JSON has no word for."""
    import json

    sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=2) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
