"""Is this data? Numbers that are numbers, labels that are classes, as many targets as inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.data.check_pictures import check_boxes, check_pixels
from whynet.data.source import Source, Table
from whynet.errors import DataError
from whynet.text import Text

SHOWN = 5  # how many places an error lists


def check_source(source: Source) -> None:
    """Raises `DataError` where inputs or targets cannot be trained on."""
    count = len(source.x)
    if not count:
        raise DataError(_NONE)
    if count != len(source.y):
        raise DataError(_LENGTHS, x=count, y=len(source.y))
    if not isinstance(source.x, Table):
        check_finite(source.x, INPUTS)
    if source.kind == "classify":
        check_labels(source.y, len(source.classes))
    elif source.kind == "segment":
        check_pixels(source)
    elif source.kind == "detect":
        check_boxes(source)
    else:
        check_finite(source.y, TARGETS)
        if count > 1 and bool((source.y == source.y[:1]).all()):
            raise DataError(_CONSTANT, value=f"{source.y.flatten()[0].item():g}", n=count)


def check_finite(values: Tensor, what: Text) -> None:
    """Raises `DataError` that counts NaN and infinity and says in which examples they are."""
    if torch.isfinite(values.sum()):  # cheap, and a sum with a NaN or one infinity in it is never finite
        return
    bad = ~torch.isfinite(values)
    examples = bad.flatten(1).any(1) if values.ndim > 1 else bad
    if not examples.any():  # finite numbers whose sum overflowed
        return
    where = examples.nonzero().flatten()
    raise DataError(
        _NOT_FINITE,
        what=what,
        nan=int(values.isnan().sum()),
        inf=int(values.isinf().sum()),
        count=len(where),
        rows=", ".join(str(row) for row in where[:SHOWN].tolist()) + (", …" if len(where) > SHOWN else ""),
    )


def check_labels(labels: Tensor, classes: int) -> None:
    """Raises `DataError` where a label is no class, a class has no example, or there is one class only."""
    if classes < 2:
        raise DataError(_ONE_CLASS)
    outside = ((labels < 0) | (labels >= classes)).nonzero().flatten()
    if len(outside):
        found = sorted(set(labels[outside].tolist()))[:SHOWN]
        raise DataError(
            _OUTSIDE,
            classes=classes,
            last=classes - 1,
            found=", ".join(str(label) for label in found),
            count=len(outside),
            row=int(outside[0]),
        )
    if len(labels) < classes:
        raise DataError(FEWER, n=len(labels), classes=classes)
    absent = (labels.bincount(minlength=classes) == 0).nonzero().flatten().tolist()
    if absent:
        names = ", ".join(str(label) for label in absent[:SHOWN]) + (", …" if len(absent) > SHOWN else "")
        raise DataError(_ABSENT, classes=classes, last=classes - 1, absent=names, low=int(labels.min()), high=int(labels.max()))


INPUTS = Text("inputs", "입력")
TARGETS = Text("targets", "목푯값")
_NONE = Text("There are no examples.", "예제가 하나도 없다.")
_LENGTHS = Text(
    "Expected as many targets as inputs. Received: {x} inputs and {y} targets.",
    "입력과 목푯값의 개수가 같아야 한다. 받은 것: 입력 {x}개, 목푯값 {y}개.",
)
_CONSTANT = Text(
    "The target is {value} in all {n} examples: there is nothing to predict. Choose another target.",
    "예제 {n}개의 목푯값이 모두 {value:이다}. 예측할 것이 없으니 다른 목표를 고른다.",
)
_NOT_FINITE = Text(
    "The {what} hold {nan} NaN and {inf} infinite values, in {count} example(s): {rows} (counted from 0). "
    "A network can learn from finite numbers only: fill or drop these examples, for instance x[torch.isfinite(x).all(1)].",
    "{what}에 NaN이 {nan}개, 무한대가 {inf}개 있다. 해당 예제는 {count}개다: {rows} (0부터 셈). "
    "네트워크는 유한한 수로만 학습한다. 값을 채우거나 그 예제를 뺀다. 예: x[torch.isfinite(x).all(1)].",
)
_ONE_CLASS = Text(
    "There is one class only, so there is nothing to tell apart. Expected two classes or more.",
    "클래스가 하나뿐이라 구별할 것이 없다. 클래스가 둘 이상이어야 한다.",
)
_OUTSIDE = Text(
    "Labels of {classes} classes are whole numbers from 0 to {last}. Received {found} in {count} example(s), "
    "first in example {row}. Count classes from 0: y = y - y.min(), or give the missing class names.",
    "클래스가 {classes}개면 레이블(label)은 0부터 {last}까지의 정수다. {found:이} 예제 {count}개에 있다. "
    "처음 나온 곳은 {row}번 예제다. 클래스를 0부터 세거나(y = y - y.min()) 빠진 클래스 이름을 준다.",
)
_ABSENT = Text(
    "Labels of {classes} classes are whole numbers from 0 to {last}, and there is no example of: {absent}. "
    "Received labels from {low} to {high}. Count classes from 0 without gaps: y = torch.unique(y, return_inverse=True)[1].",
    "클래스가 {classes}개면 레이블은 0부터 {last}까지의 정수인데, 다음 클래스의 예제가 없다: {absent}. "
    "받은 레이블은 {low}부터 {high}까지다. 0부터 빠짐없이 센다: y = torch.unique(y, return_inverse=True)[1].",
)
FEWER = Text(
    "There are {n} examples for {classes} classes. Expected at least one example of each class.",
    "클래스는 {classes}개인데 예제는 {n}개다. 클래스마다 예제가 하나는 있어야 한다.",
)
