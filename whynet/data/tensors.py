"""Data of your own that is already in Python: tensors, arrays, tables, torch data sets and loaders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, default_collate
from torch.utils.data import Dataset as TorchDataset

from whynet.data.build import build
from whynet.data.check import INPUTS, TARGETS
from whynet.data.dataset import Dataset
from whynet.data.options import options_from
from whynet.data.source import Source
from whynet.data.targets import TARGET_KIND, read_targets
from whynet.errors import DataError
from whynet.registry import check
from whynet.task import TaskKind
from whynet.text import Text


def from_tensors(
    x: Any,
    y: Any = None,
    *,
    test_x: Any = None,
    test_y: Any = None,
    task: TaskKind | None = None,
    classes: Sequence[str] | int | None = None,
    name: str = "yours",
    seed: int = 0,
    **options: Any,
) -> Dataset:
    """A data set made of your own examples; further ``options`` are the common ones (`Options`), by default nothing is changed.

    ``x`` is (N, *inputs) as a tensor, array or DataFrame with ``y`` (N,) or (N, n); or an (x, y) pair, a torch ``Dataset`` or a
    ``DataLoader`` in place of both. ``test_x``, ``test_y`` are a test set of your own, in the same forms. Without ``task``,
    whole-number, true-or-false and text targets are classes, other numbers are values; with a third axis they are classes of
    pixels (N, H, W), or boxes (N, M, 5). Raises `DataError` or `OptionError`.

    >>> from_tensors(torch.rand(50, 3), torch.arange(50) % 2).task.inputs
    (3,)
    """
    common = options_from("from_tensors", options)
    task = check("from_tensors: task", TaskKind | None, task)
    inputs, targets, features = _pair(x, y)
    official = {}
    count = len(inputs)
    if test_x is not None:
        more, answers, _ = _pair(test_x, test_y)
        if more.shape[1:] != inputs.shape[1:]:
            raise DataError(_TEST_SHAPE, train=tuple(inputs.shape[1:]), test=tuple(more.shape[1:]))
        inputs = torch.cat([inputs, more])
        targets = np.concatenate([targets, answers.reshape(len(answers), *targets.shape[1:])])
        official = {"test": torch.arange(count, len(inputs))}
    answered = read_targets(targets, task, classes)
    source = Source(
        inputs,
        answered.values,
        answered.classes,
        features=features,
        targets=answered.names,
        official=official,  # type: ignore[arg-type]
        notes=answered.notes,
        asks=answered.asks,
    )
    return build(source, name, seed, common)


def _pair(x: Any, y: Any) -> tuple[Tensor, np.ndarray, tuple[str, ...]]:
    """Inputs (N, *inputs) float32, targets as they came, and column names where the inputs have them."""
    if y is None:
        x, y = _unpacked(x)
    features = tuple(str(name) for name in x.columns) if isinstance(x, pd.DataFrame) else ()
    inputs, targets = _array(x, INPUTS), _array(y, TARGETS)
    if inputs.dtype.kind not in "fiub":
        raise DataError(_NOT_NUMBERS, dtype="text" if inputs.dtype.kind in "US" else inputs.dtype)
    if inputs.ndim == 0 or targets.ndim == 0:
        raise DataError(_NO_AXIS)
    if not inputs.size:
        raise DataError(_EMPTY)
    if len(inputs) != len(targets):
        raise DataError(_LENGTHS, x=inputs.shape, y=targets.shape)
    if inputs.ndim == 1:
        inputs = inputs[:, None]  # one number an example
    with np.errstate(over="ignore"):  # a number too large becomes infinite, which is refused later with its place
        return torch.from_numpy(inputs.astype(np.float32, order="C")), targets, features


def _unpacked(given: Any) -> tuple[Any, Any]:
    """The inputs and targets in an (x, y) pair, a torch data set or a loader."""
    if isinstance(given, tuple | list) and len(given) == 2:
        return given[0], given[1]
    if isinstance(given, DataLoader):
        plain = given.collate_fn is default_collate and not isinstance(given.dataset, IterableDataset)
        return (
            _unpacked(given.dataset) if plain else _gathered(list(given), torch.cat)
        )  # the data set: neither shuffled nor cut
    if isinstance(given, TensorDataset) and len(given.tensors) == 2:
        return given.tensors
    if isinstance(given, IterableDataset):
        return _gathered(list(given), torch.stack)
    if isinstance(given, TorchDataset):
        return _gathered([given[i] for i in range(len(given))], torch.stack)  # type: ignore[arg-type]
    raise DataError(_NO_TARGETS, received=type(given).__name__)


def _gathered(items: list[Any], join: Any) -> tuple[Tensor, Tensor]:
    """Examples or batches, each an (x, y) pair, as two tensors."""
    if not items:
        raise DataError(_EMPTY)
    if not isinstance(items[0], tuple | list) or len(items[0]) != 2:
        raise DataError(_NOT_PAIRS, received=type(items[0]).__name__)
    try:
        return join([torch.as_tensor(x) for x, _ in items]), join([torch.as_tensor(y) for _, y in items])
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(_NOT_TENSORS, reason=error) from None


def _array(values: Any, what: Text) -> np.ndarray:
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return (values.float() if values.dtype in (torch.bfloat16, torch.float16) else values).numpy()
    try:
        array = np.asarray(values)
    except ValueError:  # rows of unequal length
        raise DataError(_UNEVEN, what=what) from None
    if array.dtype.kind == "O":
        odd = [value for value in array.flat if not isinstance(value, int | float | np.number)]
        names = what is TARGETS and all(isinstance(value, str) for value in array.flat)
        if odd and not names:
            raise DataError(
                _NOT_NUMBERS if what is INPUTS else TARGET_KIND, dtype=f"{type(odd[0]).__name__} {str(odd[0])[:40]}"
            )
        return array.astype(str if names else float)
    return array


_LENGTHS = Text(
    "Expected as many targets as inputs. Received inputs of shape {x} and targets of shape {y}.",
    "입력과 목푯값의 개수가 같아야 한다. 받은 것: 입력 {x}, 목푯값 {y}.",
)
_NOT_NUMBERS = Text(
    "Inputs should be numbers. Received: {dtype}. Turn texts into numbers first, or load a CSV file, which does it for you.",
    "입력은 수여야 한다. 받은 것: {dtype}. 글자는 먼저 수로 바꾼다. CSV 파일로 읽으면 자동으로 바뀐다.",
)
_NO_AXIS = Text(
    "Expected many examples along the first axis. Received a single number.",
    "첫 축을 따라 예제가 여러 개 있어야 한다. 받은 것은 수 하나다.",
)
_NO_TARGETS = Text(
    "Expected inputs and targets: (x, y), a torch Dataset or a DataLoader. Received only: {received}",
    "입력과 목푯값이 모두 필요하다: (x, y), torch Dataset, DataLoader. 받은 것: {received}",
)
_EMPTY = Text("There are no examples.", "예제가 하나도 없다.")
_NOT_PAIRS = Text(
    "Expected a data set whose examples are (input, target) pairs. Received: {received}",
    "예제가 (입력, 목푯값) 쌍인 데이터셋이어야 한다. 받은 것: {received}",
)
_NOT_TENSORS = Text(
    "The examples do not stack into one tensor: {reason}. Let the data set return tensors of one shape "
    "(for pictures: resize, then turn into a tensor).",
    "예제를 텐서 하나로 쌓을 수 없다: {reason}. 데이터셋이 모양이 같은 텐서를 돌려주게 한다(사진이라면 크기를 맞춘 뒤 텐서로 바꾼다).",
)
_UNEVEN = Text(
    "The {what} have rows of unequal length. Pad them, or cut them to one length.",
    "{what}의 행 길이가 서로 다르다. 채우거나 잘라서 길이를 맞춘다.",
)
_TEST_SHAPE = Text(
    "Training and test inputs should have one shape. Received: {train} and {test}",
    "훈련 입력과 테스트 입력의 모양이 같아야 한다. 받은 것: {train}, {test}",
)
