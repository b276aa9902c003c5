"""A table of your own, from a CSV file."""

from __future__ import annotations

from typing import Literal

from whynet.data.files import file_stamp
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.data.tabular import table_source


@data_set(
    en="A table of your own: gaps are filled, categories become 0/1 columns, and every step is noted.",
    ko="직접 가진 표. 빈칸을 채우고 범주를 0/1 열로 바꾸며, 무엇을 했는지 모두 적어 둔다.",
    scale="standard",
    targets=None,
    needs="path",
    stamp=lambda options: file_stamp(options["path"]),
)
def csv(
    path: str,
    target: str,
    task: Literal["classify", "regress"] | None = None,
    drop: list[str] = [],  # noqa: B006  (never modified)
    separator: str | None = None,
    header: bool = True,
) -> Source:
    """A CSV file (.gz, .xz and .bz2 as well) with column names on top; ``target`` is the column to predict.

    x: (N, D), y: (N,) classes or (N, 1) values. Raises `DataError` or `OptionError`.
    """
    return table_source(path, target, task, drop, separator, header)
