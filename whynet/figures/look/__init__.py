"""A first look at a data set: the pictures that fit its kind, each under what it shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.data.dataset import Dataset
from whynet.figures.features import distribution
from whynet.figures.look.categories import category_looks, numbers_of
from whynet.figures.look.classes import counts, names
from whynet.figures.look.images import image_looks
from whynet.figures.look.points import point_looks
from whynet.figures.look.scenes import box_looks, mask_looks, video_looks
from whynet.figures.look.table import table_looks
from whynet.text import Text

Look = tuple[Text, Figure]

__all__ = ["Look", "look"]


def look(dataset: Dataset) -> list[Look]:
    """Each finding with its picture, in the current language. Only the training examples are looked at.

    A table: class counts, features by class, the most related pair, correlations, what columns of words tell.
    Images: class counts, samples, mean images, pixel values; boxes or masks where those are asked for. Videos: frames.
    Points in the plane: a scatter plot. Anything else: class counts and the
    spread of all values.
    """
    return list(_looks(dataset))


def _looks(dataset: Dataset) -> Iterator[Look]:
    task, y = dataset.task, target_of(dataset)
    if not len(y):
        return
    if task.kind == "classify":
        yield counts(y.reshape(len(y), -1)[:, 0], names(task))
    shape = task.inputs
    x = dataset.train.x.cpu().numpy() if len(shape) >= 3 else np.zeros(0)
    if len(shape) == 3 and shape[0] in (1, 3):
        if task.kind in ("segment", "detect"):
            yield from (mask_looks if task.kind == "segment" else box_looks)(x, y, task)
        yield from image_looks(x, y, task)
    elif len(shape) == 4 and shape[1] in (1, 3) and task.kind == "classify":
        yield from video_looks(x, y, task)
    elif len(shape) == 1 and ((shape[0] == 2 and task.kind == "classify") or shape[0] == 1):
        yield from point_looks(frame_of(dataset), y, task)
    elif len(shape) == 1:
        yield from table_looks(numbers_of(dataset, frame_of(dataset)), y, task)
        yield from category_looks(dataset, y)
    else:
        values = dataset.train.x.cpu().numpy().ravel().astype(float)
        title = Text(
            "Input values from {low:.3g} to {high:.3g}, half of them below {middle:.3g}",
            "입력값은 {low:.3g}에서 {high:.3g}까지, 절반은 {middle:.3g}보다 작다",
        ).fill(low=np.nanmin(values), high=np.nanmax(values), middle=np.nanmedian(values))
        name = str(Text("all input values", "모든 입력값"))
        yield title, distribution(pd.DataFrame({name: values}), title=title)


def frame_of(dataset: Dataset) -> pd.DataFrame:
    """The training examples as named columns: as they were read where the table still has them, else as the network sees them."""
    task, index = dataset.task, dataset.train.index.cpu().numpy()
    columns = list(task.features) or [f"x{i + 1}" for i in range(task.inputs[0])]
    read = dataset.frame
    if read is not None and len(read) == len(dataset.train.pool_x) and set(columns) <= set(read.columns):
        return read.iloc[index][columns].reset_index(drop=True)
    return pd.DataFrame(dataset.train.x.cpu().numpy(), columns=columns)


def target_of(dataset: Dataset) -> np.ndarray:
    """The labels (n,) of the training examples, or the predicted value in its own unit where the table still has it."""
    task, read = dataset.task, dataset.frame
    if task.kind == "regress" and read is not None and len(read) == len(dataset.train.pool_x) and task.targets[:1]:
        column = task.targets[0]
        if column in read.columns and pd.api.types.is_numeric_dtype(read[column]):
            return read[column].to_numpy(dtype=float)[dataset.train.index.cpu().numpy()]
    return dataset.train.y.cpu().numpy()
