"""A first look at pictures whose answers are boxes or masks, and at videos."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from whynet.figures.boxes import boxes
from whynet.figures.look.classes import counts, names
from whynet.figures.masks import masks
from whynet.figures.pictures import images
from whynet.task import Task
from whynet.text import Text

PICTURES, MASKS, VIDEOS, FRAMES = 9, 4, 5, 10


def box_looks(x: np.ndarray, y: np.ndarray, task: Task) -> Iterator[tuple[Text, Figure]]:
    """``x``: (n, C, H, W), ``y``: (n, M, 5): how many objects of each class, and some pictures with their boxes."""
    real = y[..., 0] >= 0
    yield counts(y[..., 0][real], names(task))
    each = real.sum(axis=1)
    title = Text(
        "{mean:.1f} objects in an image on average, from {low} to {high}",
        "이미지 하나에 물체가 평균 {mean:.1f}개, {low}개에서 {high}개까지",
    ).fill(mean=each.mean(), low=int(each.min()), high=int(each.max()))
    yield title, boxes(x[:PICTURES], y[:PICTURES], None, names(task), title=title)


def mask_looks(x: np.ndarray, y: np.ndarray, task: Task) -> Iterator[tuple[Text, Figure]]:
    """``x``: (n, C, H, W), ``y``: (n, H, W): some pictures with their masks, under the class that most pixels are of."""
    numbers = np.bincount(y[y >= 0], minlength=task.outputs)
    largest = int(numbers.argmax())
    title = Text("{share:.0%} of the pixels are {name}", "픽셀의 {share:.0%}가 {name:이다}").fill(
        share=numbers[largest] / max(1, numbers.sum()), name=names(task)[largest]
    )
    yield title, masks(x[:MASKS], y[:MASKS], None, names(task), title=title)


def video_looks(x: np.ndarray, y: np.ndarray, task: Task) -> Iterator[tuple[Text, Figure]]:
    """``x``: (n, T, C, H, W), ``y``: (n,) labels: a row of frames for a video of each class."""
    labels = y.reshape(len(y), -1)[:, 0].astype(int)
    present = [k for k in range(task.outputs) if (labels == k).any()][:VIDEOS]
    chosen = [int(np.flatnonzero(labels == k)[0]) for k in present]
    at = np.unique(np.linspace(0, x.shape[1] - 1, min(FRAMES, x.shape[1])).round().astype(int))
    frames = x[chosen][:, at].reshape(-1, *x.shape[2:])
    title = Text(
        "A video of {n} of {all} classes, {frames} of {length} frames each",
        "클래스 {all}개 가운데 {n}개의 영상, 프레임 {length}장 중 {frames}장씩",
    ).fill(n=len(present), all=task.outputs, frames=len(at), length=x.shape[1])
    words = [names(task)[k] if i == 0 else "" for k in present for i in range(len(at))]
    yield title, images(frames, words, title=title, columns=len(at), limits=(float(x.min()), float(x.max())))
