"""A first look fits the kind of data, says what is there, and looks at training examples only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits, load_wine

from whynet.data import load
from whynet.data.dataset import Dataset, Examples
from whynet.figures import look
from whynet.figures.look.points import straight
from whynet.figures.look.table import strongest_pair
from whynet.task import Task
from whynet.text import use_language


def dataset(x: np.ndarray, y: np.ndarray, task: Task, frame: pd.DataFrame | None = None, train: int | None = None) -> Dataset:
    pool_x = torch.tensor(x, dtype=torch.float32)
    pool_y = torch.tensor(y, dtype=torch.int64 if task.kind == "classify" else torch.float32)
    n = len(x) if train is None else train
    picked = [Examples(pool_x, pool_y, torch.arange(*ends)) for ends in ((0, n), (n, len(x)), (n, len(x)))]
    return Dataset("test", task, *picked, frame=frame)


def said(data: Dataset) -> list[str]:
    looks = look(data)
    for title, figure in looks:
        assert str(title).replace(" ", "") == figure.get_suptitle().replace("\n", "").replace(" ", "")
    return [str(title) for title, _ in looks]


def wine() -> Dataset:
    raw = load_wine(as_frame=True)
    names = tuple(raw.data.columns)
    scaled = ((raw.data - raw.data.mean()) / raw.data.std()).to_numpy()
    return dataset(scaled, raw.target.to_numpy(), Task("classify", (13,), 3, ("a", "b", "c"), names), raw.frame)


def test_a_table_with_classes() -> None:
    titles = said(wine())
    assert titles[0] == "3 classes, balanced: 59 / 71 / 48"
    assert titles[1].startswith("flavanoids separates the classes most: 73%")
    assert "total_phenols and flavanoids are the most related pair: r = 0.86" in titles
    assert len(titles) == 5
    with use_language("ko"):
        assert said(wine())[0] == "클래스 3개, 고르다: 59 / 71 / 48"


def test_a_table_is_shown_in_the_units_it_was_read_in() -> None:
    figure = look(wine())[2][1]
    assert max(np.asarray(cloud.get_offsets())[:, 0].max() for cloud in figure.axes[0].collections) == pytest.approx(5.08)


def test_a_table_with_a_number_to_predict() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    y = 2 * x[:, 1:2] + 0.1 * rng.normal(size=(50, 1)) + 7
    titles = said(dataset(x, y, Task("regress", (3,), 1, features=("a", "b", "c"), targets=("yield",))))
    assert titles[0].startswith("The target yield has mean")
    assert titles[1].startswith("b goes with the target most: r = 1.00")


def test_images() -> None:
    digits = load_digits()
    titles = said(dataset(digits.images[:, None], digits.target, Task("classify", (1, 8, 8), 10)))
    assert titles[0] == "10 classes, balanced: 174–183"
    assert titles[1] == "All 10 classes, 4 images of each"
    means = np.stack([digits.data[digits.target == k].mean(axis=0) for k in range(10)])
    alike = np.corrcoef(means) - 2 * np.eye(10)
    a, b = np.unravel_index(alike.argmax(), alike.shape)
    assert titles[2].startswith(f"On average {a} and {b} look most alike")
    assert titles[3].startswith(f"{(digits.data == 0).mean():.0%} of the pixels")


def test_points() -> None:
    rng = np.random.default_rng(0)
    xor = rng.uniform(-1, 1, size=(400, 2))
    labels = ((xor[:, 0] > 0) ^ (xor[:, 1] > 0)).astype(int)
    assert straight(xor, labels) < 0.65  # no line separates XOR
    assert straight(xor, (xor[:, 0] > 0).astype(int)) > 0.95
    assert said(dataset(xor, labels, Task("classify", (2,), 2)))[1].startswith("Straight borders (least squares) answer")
    line = np.linspace(-1, 1, 30)[:, None]
    assert said(dataset(line, 3 * line + 1, Task("regress", (1,), 1))) == [
        "A straight line explains 100% of the variance of target"
    ]


def test_sequences_and_one_feature_by_class() -> None:
    rng = np.random.default_rng(0)
    task = Task("classify", (5, 3), 2)
    assert len(said(dataset(rng.normal(size=(20, 5, 3)), np.arange(20) % 2, task))) == 2
    assert len(said(dataset(rng.normal(size=(20, 1)), np.arange(20) % 2, Task("classify", (1,), 2)))) == 2


def test_unbalanced_and_absent_classes_are_said() -> None:
    x = np.random.default_rng(0).normal(size=(30, 2))
    task = Task("classify", (2,), 2)
    assert "2.0 times" in said(dataset(x, np.array([0] * 20 + [1] * 10), task))[0]
    assert "1 of them without" in said(dataset(x, np.zeros(30), task))[0]


def test_only_training_examples_are_looked_at() -> None:
    x = np.random.default_rng(0).normal(size=(30, 2))
    y = np.array([0, 1] * 10 + [0] * 10)
    assert said(dataset(x, y, Task("classify", (2,), 2), train=20))[0] == "2 classes, balanced: 10 / 10"
    assert look(dataset(x, y, Task("classify", (2,), 2), train=0)) == []


def test_columns_that_never_change_have_no_pair() -> None:
    assert strongest_pair(pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 2.0]})) is None
    constant = dataset(np.ones((9, 3)), np.arange(9) % 3, Task("classify", (3,), 3))
    assert len(said(constant)) == 3  # counts, features, the first two features; no pair, no correlations


def test_boxes_masks_and_videos_are_looked_at_as_what_they_are() -> None:
    found = said(load("shapes(n=40, size=32)"))
    objects = load("shapes(n=40, size=32)").train.y[..., 0] >= 0
    assert found[1].startswith(f"{objects.sum(1).double().mean():.1f} objects in an image on average")
    masks = load("shape_masks(n=40, size=32)").train.y
    share = (masks == 0).double().mean()
    assert said(load("shape_masks(n=40, size=32)"))[0] == f"{share:.0%} of the pixels are background"
    assert said(load("moving_shapes(n=60)"))[1].startswith("A video of 5 of 8 classes")
