"""A first look at images: some of each class, the mean of each class, how bright the pixels are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.figures.features import distribution
from whynet.figures.look.classes import names
from whynet.figures.pictures import images
from whynet.task import Task
from whynet.text import Text

PER_CLASS = 4
CLASSES = 10  # shown; a figure holds 40 images
PIXELS = 200_000  # enough for a histogram

VALUE = Text("pixel value", "픽셀 값")


def image_looks(x: np.ndarray, y: np.ndarray, task: Task) -> Iterator[tuple[Text, Figure]]:
    """``x``: (n, C, H, W), ``y``: (n,)."""
    limits = (float(x.min()), float(x.max()))
    if task.kind == "classify" and y.ndim == 1:
        yield from _by_class(x, y, names(task), limits)
    elif task.kind not in ("segment", "detect"):
        title = Text("The first {n} of {all} images", "이미지 {all}장 가운데 앞의 {n}장").fill(
            n=min(len(x), 16), all=f"{len(x):,}"
        )
        yield title, images(x[:16], title=title, limits=limits)
    pixels = x.ravel()[:: max(1, x.size // PIXELS)].astype(float)
    share = float((pixels == pixels.min()).mean())
    title = Text(
        "{share:.0%} of the pixels have the lowest value, {low:.3g}", "픽셀의 {share:.0%}가 가장 작은 값 {low:.3g이다}"
    ).fill(share=share, low=pixels.min())
    yield title, distribution(pd.DataFrame({str(VALUE): pixels}), title=title)


def _by_class(x: np.ndarray, y: np.ndarray, classes: list[str], limits: tuple[float, float]) -> Iterator[tuple[Text, Figure]]:
    present = [k for k in range(len(classes)) if (y == k).any()]
    shown = present[:CLASSES]
    chosen = [(i, classes[k]) for k in shown for i in np.flatnonzero(y == k)[:PER_CLASS]]
    some = Text("The first {n} of {all} classes, {m} images of each", "클래스 {all}개 가운데 앞의 {n}개, 이미지 {m}장씩")
    every = Text("All {n} classes, {m} images of each", "클래스 {n}개 모두, 이미지 {m}장씩")
    title = (some if len(shown) < len(classes) else every).fill(n=len(shown), all=len(classes), m=PER_CLASS)
    columns = 2 * PER_CLASS if len(shown) > 4 else PER_CLASS
    yield title, images(x[[i for i, _ in chosen]], [name for _, name in chosen], title=title, columns=columns, limits=limits)
    means = np.stack([x[y == k].mean(axis=0) for k in present])
    if len(present) < 2:
        return
    alike = np.nan_to_num(_correlations(means.reshape(len(means), -1)))
    np.fill_diagonal(alike, -1.0)
    a, b = np.unravel_index(alike.argmax(), alike.shape)
    title = Text(
        "On average {a} and {b} look most alike: their mean images correlate {r:.2f}",
        "평균 이미지는 {a:과} {b:이} 가장 닮았다: 상관 {r:.2f}",
    ).fill(a=classes[present[a]], b=classes[present[b]], r=alike[a, b])
    yield title, images(means, [classes[k] for k in present], title=title, columns=min(10, max(4, len(present))))


def _correlations(rows: np.ndarray) -> np.ndarray:
    """Correlation of each row with each; NaN for a row that never changes."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    size = np.linalg.norm(centred, axis=1)
    scale = np.outer(size, size)
    return np.divide(centred @ centred.T, scale, out=np.full_like(scale, np.nan), where=scale > 0)
