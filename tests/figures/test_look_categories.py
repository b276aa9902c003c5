"""What columns of words tell of the target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats.contingency import association

from whynet.data import Dataset, load
from whynet.figures.look import look
from whynet.figures.look.categories import categories_of, cramers_v, numbers_of
from whynet.text import use_language


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """Colour decides the class, shape does not; the weight is the class and noise."""
    draw = np.random.default_rng(0)
    colour = draw.choice(["red", "green", "blue"], 300)
    frame = pd.DataFrame({"colour": colour, "shape": draw.choice(["round", "square"], 300), "weight": draw.normal(size=300)})
    frame["kind"] = np.where(frame["colour"] == "red", "apple", "pear")
    frame["price"] = np.where(frame["colour"] == "red", 5.0, 1.0) + 0.1 * frame["weight"]
    frame.to_csv(tmp_path / "fruit.csv", index=False)
    return frame


def fruit(folder: Path, target: str, *without: str) -> Dataset:
    return load(f'csv(path="{folder}/fruit.csv", target="{target}", drop={list(without)})'.replace("'", '"'))


def test_the_association_is_cramers(table: pd.DataFrame) -> None:
    for column in ("colour", "shape"):
        counts = pd.crosstab(table[column], table["kind"])
        assert cramers_v(table[column], table["kind"]) == pytest.approx(association(counts.to_numpy(), method="cramer"))
    assert cramers_v(table["colour"], pd.Series(["one"] * 300)) == 0.0


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_column_that_decides_the_class_comes_first(table: pd.DataFrame, tmp_path: Path, lang: str) -> None:
    with use_language(lang):  # type: ignore[arg-type]
        titles = [str(title) for title, _ in look(fruit(tmp_path, "kind", "price"))]
    assert "colour" in titles[-2]
    assert "1.00" in titles[-2]
    assert "shape" in titles[-1]


def test_a_number_by_two_columns_of_words(table: pd.DataFrame, tmp_path: Path) -> None:
    title, figure = look(fruit(tmp_path, "price", "kind"))[-1]
    assert str(title).startswith("100% of the target's variance lies between the words of colour")
    heights = sorted(patch.get_height() for patch in figure.axes[0].patches)
    means = sorted(table.loc[fruit(tmp_path, "price", "kind").train.index.numpy()].groupby(["colour", "shape"])["price"].mean())
    assert heights == pytest.approx(means)


def test_a_number_by_one_column_of_words(table: pd.DataFrame, tmp_path: Path) -> None:
    _, figure = look(fruit(tmp_path, "price", "kind", "shape"))[-1]
    assert len(figure.axes[0].patches) == 3


def test_columns_made_from_words_are_not_numbers(table: pd.DataFrame, tmp_path: Path) -> None:
    data = fruit(tmp_path, "kind", "price")
    frame = pd.DataFrame(columns=list(data.task.features))
    assert list(numbers_of(data, frame).columns) == ["weight"]
    assert list(categories_of(data).columns) == ["colour", "shape"]
    assert categories_of(load("iris")).shape[1] == 0
