"""Which pictures tell what is in a data set: examples and classes, or columns and how they go together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from whynet.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from whynet.data import Dataset

SHOWN = 32  # pictures in a grid
ROWS = 5000  # rows of a table that are drawn


@dataclass(frozen=True)
class Named:
    """A picture, the name of its file, and what is to be seen in it."""

    name: str
    draw: Callable[[], Figure]
    caption: Text


def pictures(dataset: Dataset) -> list[Named]:
    """The pictures of the training examples, those that fit this kind of data."""
    task = dataset.task
    found = [_counts(dataset)] if task.kind == "classify" else []
    if len(task.inputs) == 3 and task.inputs[0] in (1, 3):
        found.append(_examples(dataset))
    elif len(task.inputs) == 1:
        found += _columns(dataset)
    return found


def _counts(dataset: Dataset) -> Named:
    from whynet import figures

    counts = dataset.train.y.bincount(minlength=dataset.task.outputs).tolist()
    by_name = dict(zip(dataset.task.classes, counts, strict=True))
    return Named("classes", partial(figures.class_counts, by_name, title=_CLASSES), _CLASSES_SEEN)


def _examples(dataset: Dataset) -> Named:
    import torch

    from whynet import figures
    from whynet.rng import generator

    order = torch.randperm(len(dataset.train), generator=generator(0, "sample", "look"))[:SHOWN]
    index = dataset.train.index[order]
    labels: list[Text | str] = []
    for y in dataset.train.pool_y[index]:
        labels.append(dataset.task.classes[int(y)] if dataset.task.kind == "classify" else f"{y.flatten()[0].item():.3g}")
    x = dataset.train.pool_x[index].numpy()
    return Named("examples", partial(figures.images, x, labels, title=_EXAMPLES), _EXAMPLES_SEEN)


def _columns(dataset: Dataset) -> list[Named]:
    """Columns as they were read; those of a table without names are x1, x2, …"""
    from whynet import figures

    frame, by, target = table(dataset)
    features = [name for name in frame.select_dtypes("number").columns if name != target]
    found = [Named("columns", partial(figures.distribution, frame[features], by, title=_SPREAD), _SPREAD_SEEN)]
    if len(features) == 2 and by is not None:
        draw = partial(figures.relation, frame, features[0], features[1], by=by, title=_PLANE)
        found.append(Named("plane", draw, _PLANE_SEEN))
    if by is None and features:
        strongest = frame[features].corrwith(frame[target]).abs().sort_values(ascending=False)
        name = str(strongest.index[0])
        title = _TREND.fill(x=name, y=target)
        found.append(Named("trend", partial(figures.relation, frame, name, target, trend=True, title=title), _TREND_SEEN))
    if len(features) > 2:
        found.append(Named("correlation", partial(figures.correlation, frame, title=_TOGETHER), _TOGETHER_SEEN))
    return found


def table(dataset: Dataset) -> tuple[pd.DataFrame, pd.Series | None, str]:
    """The training examples as columns, the class of each row where there are classes, and the name of the target column."""
    import pandas as pd

    task, train = dataset.task, dataset.train
    names = task.features or tuple(f"x{i + 1}" for i in range(task.inputs[0]))
    target = task.targets[0] if task.targets else "y"
    rows = train.index[:ROWS]
    if dataset.frame is not None and len(dataset.frame) == len(train.pool_x):
        used = [name for name in dataset.frame.columns if name != target and _used(str(name), task.features)]
        frame = dataset.frame.iloc[rows.numpy()][used].reset_index(drop=True)
    else:
        frame = pd.DataFrame(train.pool_x[rows].numpy(), columns=list(names))
    if task.kind == "classify":
        return frame, pd.Series([task.classes[int(y)] for y in train.pool_y[rows]], name=target), target
    frame[target] = train.pool_y[rows, 0].numpy()
    return frame, None, target


def _used(column: str, features: tuple[str, ...]) -> bool:
    """Whether a column became one of the inputs, as it is or as 0/1 columns such as ``Sex=female``."""
    return any(name == column or name.startswith(f"{column}=") for name in features)


_CLASSES = Text("Training examples of each class", "클래스마다 훈련 예제의 수")
_CLASSES_SEEN = Text(
    "Unequal bars: accuracy alone flatters a network that answers the largest class.",
    "막대가 고르지 않으면, 가장 많은 클래스만 답하는 네트워크도 정확도(accuracy)가 높게 나온다.",
)
_EXAMPLES = Text("Training examples with their labels", "훈련 예제와 레이블")
_EXAMPLES_SEEN = Text(
    "Look for wrong labels, and for pictures that you could not tell apart yourself.",
    "틀린 레이블이 있는지, 사람이 보아도 구별할 수 없는 그림이 있는지 본다.",
)
_SPREAD = Text("How each column is spread", "열마다 값의 분포")
_SPREAD_SEEN = Text(
    "Look for columns in very different units, for outliers, and for classes that one column alone tells apart.",
    "단위가 크게 다른 열, 동떨어진 값, 열 하나만으로 나뉘는 클래스가 있는지 본다.",
)
_PLANE = Text("The classes in the plane", "평면 위의 클래스")
_PLANE_SEEN = Text("Could a straight line tell them apart?", "직선 하나로 나눌 수 있을까?")
_TREND = Text("{y} against {x}, the column that goes with it best", "{y:과} 가장 잘 맞물리는 열 {x}")
_TREND_SEEN = Text(
    "What a straight line explains already; a network has to do better.",
    "직선 하나로도 설명되는 만큼이다. 네트워크는 이보다 나아야 한다.",
)
_TOGETHER = Text("How the columns go together", "열끼리의 상관")
_TOGETHER_SEEN = Text(
    "Columns that go together say the same thing twice; one that goes with the target too well may be a leak.",
    "함께 움직이는 열은 같은 말을 두 번 한다. 목표와 지나치게 맞물리는 열은 정답이 새어 들어간 것일 수 있다.",
)
