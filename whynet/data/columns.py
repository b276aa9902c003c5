"""What a column of text holds: numbers, yes or no, dates, or categories; and which columns say nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from whynet.text import Text

MOSTLY = 0.75  # share of filled cells above which a column is of numbers and the rest is an oversight
CATEGORIES = 50  # more distinct texts than this are names or remarks, not categories
DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
)
SHOWN = 5

ColumnKind = Literal["number", "flag", "date", "category"]
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_FLAGS = {"true": 1.0, "false": 0.0}
_ROW_NAMES = re.compile(
    r"(.*[ _.-])?(id|idx|index|no|no\.|num|number|order|row|key|번호|순번|일련번호)|.*(Id|ID)|unnamed: 0|pid", re.I
)


@dataclass(frozen=True, eq=False)
class Column:
    """One column after reading. ``values``: floats, dates, or texts; NaN where missing."""

    name: str
    kind: ColumnKind
    values: pd.Series


def read_column(name: str, cells: pd.Series) -> tuple[Column, list[Text]]:
    """What the cells of a column are. A few texts among numbers count as missing, and a note says where they stand."""
    filled = cells.dropna()
    lower = filled.str.lower()
    if len(filled) and lower.isin(list(_FLAGS)).all():
        return Column(name, "flag", cells.str.lower().map(_FLAGS).astype(float)), []
    numbers = to_numbers(cells)
    share = numbers.notna().sum() / max(1, len(filled))
    dates = _to_dates(filled) if share < 1 or filled.str.fullmatch(r"(19|20)\d{6}").all() else None
    if dates is not None and len(filled):
        return Column(name, "date", dates.reindex(cells.index)), []
    if share > MOSTLY:
        odd = filled[numbers[filled.index].isna()]
        return Column(name, "number", numbers), [_ODD.fill(name=name, **where(odd))] if len(odd) else []
    return Column(name, "category", cells.astype(object).where(cells.notna(), None)), []


def to_numbers(cells: pd.Series) -> pd.Series:
    """The cells as finite floats, NaN where they are none; 1,234 is a number."""
    plain = cells.where(~cells.str.fullmatch(_THOUSANDS.pattern).fillna(False).astype(bool), cells.str.replace(",", ""))
    numbers = pd.to_numeric(plain, errors="coerce").astype(float)
    return numbers.where(numbers.abs() < float("inf"))


def where(cells: pd.Series) -> dict[str, object]:
    """The first cells and their rows, for a message; rows are counted from 1 below the header."""
    more = ", …" if len(cells) > SHOWN else ""
    places = [f"{value!r} ({row + 1})" for row, value in cells.head(SHOWN).items()]  # type: ignore[operator]
    return {"count": len(cells), "cells": ", ".join(places) + more}


def useless(column: Column, alone: bool) -> Text | None:
    """Why a column cannot help to predict anything in new rows, or None. The only column is never a row number."""
    filled = column.values.dropna()
    distinct = filled.nunique()
    if not len(filled):
        return _BLANK
    if distinct == 1 and len(filled) == len(column.values):
        return _SAME
    if column.kind == "category" and (distinct > CATEGORIES or (distinct > 10 and distinct > len(filled) / 2)):
        return _TEXT.fill(n=distinct)
    whole = column.kind == "number" and bool((filled % 1 == 0).all())
    if not alone and whole and distinct == len(column.values) and _ROW_NAMES.fullmatch(column.name):
        return _ROW
    return None


def _to_dates(filled: pd.Series) -> pd.Series | None:
    for form in DATES:
        dates = pd.to_datetime(filled, format=form, errors="coerce")
        if dates.notna().all():
            return dates
    return None


_ODD = Text(
    "{name}: {count} cell(s) among numbers hold text and count as missing: {cells} (row in brackets, the first is 1).",
    "{name}: 수 사이에 글자가 든 칸이 {count}개 있어 빈칸으로 본다: {cells} (괄호 안은 행 번호, 첫 행이 1).",
)
_BLANK = Text("no values", "값이 없음")
_SAME = Text("the same value in every row", "모든 행의 값이 같음")
_TEXT = Text(
    "{n} different texts are names or remarks, not categories", "서로 다른 글이 {n}가지라 범주가 아니라 이름이나 설명임"
)
_ROW = Text("it only numbers the rows", "행 번호일 뿐임")
