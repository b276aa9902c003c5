"""A user's own tensors, arrays and loaders."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from torch.utils.data import Dataset as TorchDataset

from whynet.data import from_tensors
from whynet.errors import DataError, OptionError

X = torch.rand(40, 3, generator=torch.Generator().manual_seed(0))
Y = torch.arange(40) % 2


class Pairs(TorchDataset[tuple[Tensor, int]]):
    def __len__(self) -> int:
        return 40

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return X[i], int(Y[i])


class Stream(IterableDataset[tuple[Tensor, int]]):
    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        return (Pairs()[i] for i in range(40))


@pytest.mark.parametrize(
    "given",
    [
        (X, Y),
        [X.numpy(), Y.numpy()],
        (X.tolist(), Y.tolist()),
        (X.double(), Y.to(torch.uint8)),
        (X, Y.bool()),
        (X, Y.float().unsqueeze(1)),
        (X, torch.eye(2)[Y]),
        (pd.DataFrame(X.numpy(), columns=list("abc")), pd.Series(Y.numpy())),
        TensorDataset(X, Y),
        Pairs(),
        Stream(),
        DataLoader(TensorDataset(X, Y), batch_size=7, drop_last=True, shuffle=True),
        DataLoader(Pairs(), batch_size=7),
        DataLoader(Stream(), batch_size=7),
    ],
    ids=lambda given: type(given).__name__,
)
def test_one_data_set_in_all_the_forms_it_comes_in(given: object) -> None:
    data = from_tensors(given)
    assert data.train.pool_x.equal(X)
    assert data.train.pool_y.equal(Y)
    assert (data.task.kind, data.task.classes, data.task.inputs) == ("classify", ("0", "1"), (3,))
    assert (len(data.train), len(data.validation), len(data.test)) == (29, 3, 8)


def test_class_names_and_column_names_are_kept() -> None:
    data = from_tensors(pd.DataFrame(X.numpy(), columns=["a", "b", "c"]), ["dog" if y else "cat" for y in Y.tolist()])
    assert data.task.classes == ("cat", "dog")
    assert data.task.features == ("a", "b", "c")
    assert data.train.pool_y.equal(Y)
    assert from_tensors(X, Y, classes=["no", "yes"]).task.classes == ("no", "yes")


def test_numbers_are_values() -> None:
    one, two = from_tensors(X, X.sum(1)), from_tensors(X, X[:, :2], targets="standard")
    assert (one.task.kind, one.task.outputs, one.train.pool_y.shape) == ("regress", 1, (40, 1))
    assert two.task.targets == ("y1", "y2")
    torch.testing.assert_close(two.train.y.mean(0), torch.zeros(2), atol=1e-6, rtol=0)
    assert from_tensors(X, torch.arange(40)).task.kind == "regress"
    assert from_tensors(X, Y, task="regress").train.pool_y.dtype == torch.float32


def test_a_test_set_of_ones_own_stays_the_test_set() -> None:
    more = torch.rand(10, 3)
    for seed in (0, 1):
        data = from_tensors(X, Y, test_x=more, test_y=Y[:10], seed=seed)
        assert data.test.x.equal(more)
        assert data.test.y.equal(Y[:10])
        assert len(data.train) + len(data.validation) == 40


def test_a_handful_is_not_split_and_common_options_hold() -> None:
    gate = from_tensors([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    assert len(gate.train) == len(gate.test) == 4
    scaled = from_tensors(X, Y, scale="standard", train=10, name="mine")
    assert scaled.name == "mine"
    assert len(scaled.train) == 10
    torch.testing.assert_close(scaled.train.x.mean(0), torch.zeros(3), atol=1e-6, rtol=0)
    assert from_tensors(torch.rand(40), Y).task.inputs == (1,)


def test_the_users_tensors_are_not_touched() -> None:
    x, y = X.clone(), Y.clone()
    data = from_tensors(x, y, scale="standard", shuffle_labels=True)
    assert x.equal(X)
    assert y.equal(Y)
    data = from_tensors(x, y)
    x.zero_()
    assert data.train.pool_x.equal(X)


def broken(row: int, value: float) -> Tensor:
    x = X.clone()
    x[row, 1] = value
    return x


@pytest.mark.parametrize(
    ("x", "y", "options", "words"),
    [
        (broken(3, float("nan")), Y, {}, r"1 NaN and 0 infinite values, in 1 example\(s\): 3 "),
        (broken(5, float("inf")), Y, {}, r"0 NaN and 1 infinite values, in 1 example\(s\): 5 "),
        (X.double() * 1e300, Y, {}, "infinite"),
        (X, broken(2, float("nan"))[:, 1], {}, "The targets hold 1 NaN"),
        (X, Y - 1, {}, r"from 0 to 1. Received -1 in 20 example\(s\), first in example 0"),
        (X, Y + 1, {}, "no example of: 0"),
        (X, Y * 2, {}, "no example of: 1"),
        (X, Y, {"classes": 3}, "no example of: 2"),
        (X, Y, {"classes": ["only"]}, "one class only"),
        (X, Y * 0, {}, "one class only"),
        (X, Y * 10**9, {"task": "classify"}, "40 examples for 1000000001 classes"),
        (X[:3], torch.tensor([0, 1, 4]), {}, "3 examples for 5 classes"),
        (X, Y[:30], {}, r"inputs of shape \(40, 3\) and targets of shape \(30,\)"),
        (X, Y + 0.5, {"task": "classify"}, "Received 0.5 in example 0, and 40 such"),
        (X, torch.ones(40), {"task": "regress"}, "all 40 examples"),
        (X, X, {"task": "classify"}, r"Received shape: \(40, 3\)"),
        (X, torch.rand(40, 2, 2), {}, r"Received shape: \(40, 2, 2\)"),
        (X, [None] * 40, {}, "NoneType"),
        (X, X[:, 0].to(torch.complex64), {}, "complex64"),
        (X.to(torch.complex64), Y, {}, "Inputs should be numbers. Received: complex64"),
        ([["a", "b"]] * 40, Y, {}, "Inputs should be numbers. Received: text"),
        ([[1, "b"]] * 40, Y, {}, "Inputs should be numbers"),
        ([[1, 2], [3]], [0, 1], {}, "unequal length"),
        (torch.zeros(0, 3), torch.zeros(0), {}, "no examples"),
        (torch.tensor(1.0), torch.tensor(1), {}, "single number"),
        (X, None, {}, "Received only: Tensor"),
        (X, Y, {"test_x": torch.rand(5, 4), "test_y": Y[:5]}, r"\(3,\) and \(4,\)"),
        ([("a", "b", "c")], None, {}, "Received only: list"),
    ],
)
def test_what_is_no_data_is_refused_with_the_reason(x: object, y: object, options: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        from_tensors(x, y, **options)  # type: ignore[arg-type]


def test_data_sets_of_other_things_are_refused() -> None:
    class Pictures(TorchDataset[object]):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, i: int) -> object:
            return object(), i

    class Lonely(Pictures):
        def __getitem__(self, i: int) -> object:
            return X[i]

    with pytest.raises(DataError, match="do not stack into one tensor"):
        from_tensors(Pictures())
    with pytest.raises(DataError, match=r"\(input, target\) pairs. Received: Tensor"):
        from_tensors(Lonely())


def test_unknown_options_are_answered_with_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"no option 'sclae'\. Did you mean scale"):
        from_tensors(X, Y, sclae="standard")
    with pytest.raises(OptionError, match="scale: expected one of none, standard, minmax"):
        from_tensors(X, Y, scale="large")
    with pytest.raises(OptionError, match="task: expected one of classify, regress"):
        from_tensors(X, np.asarray(Y), task="guess")  # type: ignore[arg-type]
