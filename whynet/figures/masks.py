"""Pictures with a class for each pixel: the picture, the truth, the answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike
from scipy import ndimage

from whynet.figures.canvas import Words, finish, sheet, short, wrapped
from whynet.figures.pictures import shown_picture, stacked
from whynet.figures.style import SMALL, WIDTH, theme
from whynet.text import Text

MOST = 6
VEIL = 0.62  # of the colour over the grey picture
TEXTURES = ("", "///", "...", "xxx", "\\\\\\")  # where the colours come round again


def masks(
    pictures: ArrayLike,
    truth: ArrayLike,
    answers: ArrayLike | None,
    classes: Sequence[str],
    labels: Sequence[Words] = (),
    *,
    title: Words,
) -> Figure:
    """A row for each picture, at most 6: as it is, with the true classes over it, with the answered ones if there are any.

    ``truth`` and ``answers``: (n, H, W) integers, -1 where a pixel is not judged (left bare). The largest patch of each class wears
    its name; in the answer the true borders are drawn as lines. ``labels``: beside each row.
    """
    stack = stacked(pictures)[:MOST]
    true = np.asarray(truth)[:MOST]
    said = np.asarray(truth if answers is None else answers)[:MOST]
    panels = 2 if answers is None else 3
    cell = (WIDTH - 0.9 - 1.1) / panels  # beside the labels and the names of the classes
    tall = min(cell * stack.shape[1] / stack.shape[2], 3.0) if stack.size else 1.0
    figure = sheet(title, height=0.95 + len(stack) * (tall + 0.08), note=_BARE if answers is None else _NOTE)
    axes = figure.subplots(max(len(stack), 1), panels, squeeze=False)
    for ax in axes.ravel():
        ax.set_axis_off()
    for ax, head in zip(axes[0], (_PICTURE, _TRUTH, _ANSWER), strict=False):
        ax.set_title(str(head), fontsize=SMALL + 0.5, pad=3)
    limits = (float(np.nanmin(stack, initial=0.0)), float(np.nanmax(stack, initial=1e-9)))
    for i, row in enumerate(axes[: len(stack)]):
        for ax, classes_of in zip(row, (None, true[i], said[i]), strict=False):
            grey = (
                stack[i] if stack.ndim == 3 or classes_of is None else stack[i].mean(axis=2)
            )  # colours speak of classes alone
            shown_picture(ax, grey, limits)
            if classes_of is not None:
                _lay_over(ax, classes_of, classes)
        if answers is not None:
            _borders(row[2], true[i])
        if i < len(labels):
            words = wrapped(str(labels[i]), 0.8, SMALL)
            row[0].text(-0.04, 0.5, words, transform=row[0].transAxes, ha="right", va="center", fontsize=SMALL)
    used = [k for k in np.unique([*true.ravel(), *said.ravel()]).tolist() if 0 <= k < len(classes)]
    handles = [
        Patch(facecolor=_colour(k), edgecolor=theme().paper, hatch=_texture(k), label=short(str(classes[k]), 18)) for k in used
    ]
    if handles:
        where = {"loc": "upper left", "bbox_to_anchor": (1.03, 1.0), "borderaxespad": 0.0}
        axes[0, -1].legend(handles=handles, frameon=False, fontsize=SMALL, **where)
    return finish(figure)


def _lay_over(ax: Axes, classes_of: np.ndarray, classes: Sequence[str]) -> None:
    present = [k for k in np.unique(classes_of).tolist() if k >= 0]
    for k in present:
        layer = np.ma.masked_where(classes_of != k, np.ones(classes_of.shape))
        ax.imshow(layer, cmap=ListedColormap([_colour(k)]), alpha=VEIL, interpolation="nearest")
        patches, count = ndimage.label(classes_of == k)
        sizes = ndimage.sum_labels(np.ones(patches.shape), patches, range(1, count + 1))
        if sizes.max() < 0.02 * classes_of.size or not 0 <= k < len(classes):
            continue
        inner = ndimage.distance_transform_edt(np.pad(patches == 1 + int(sizes.argmax()), 1))[1:-1, 1:-1]
        y, x = divmod(int(inner.argmax()), inner.shape[1])  # the point furthest from the border
        ax.text(
            x, y, short(str(classes[k]), 12), ha="center", va="center", fontsize=SMALL - 1, color=theme().ink,
            bbox={"facecolor": theme().paper, "edgecolor": "none", "alpha": 0.75, "pad": 1.0},
        )  # fmt: skip


def _borders(ax: Axes, true: np.ndarray) -> None:
    """The lines between pixels of different true classes."""
    apart = [(one != two) & (np.minimum(one, two) >= 0) for one, two in ((true[1:], true[:-1]), (true[:, 1:], true[:, :-1]))]
    down, across = (np.nonzero(where) for where in apart)
    ink = theme().ink
    ax.hlines(down[0] + 0.5, down[1] - 0.5, down[1] + 0.5, color=ink, linewidth=1.0)
    ax.vlines(across[1] + 0.5, across[0] - 0.5, across[0] + 0.5, color=ink, linewidth=1.0)


def _colour(k: int) -> str:
    return theme().colour(k)


def _texture(k: int) -> str:
    return TEXTURES[k // len(theme().colours) % len(TEXTURES)]


_PICTURE = Text("picture", "그림")
_TRUTH = Text("truth", "정답")
_ANSWER = Text("answer", "네트워크의 답")
_BARE = Text("Bare pixels are not judged.", "색이 없는 픽셀은 채점하지 않는다.")
_NOTE = Text(
    "Classes are laid over the picture in grey. Lines in the answer: where the true classes meet. Bare pixels are not judged.",
    "회색으로 바꾼 그림 위에 클래스를 칠했다. 답 위의 선: 정답에서 클래스가 만나는 곳. 색이 없는 픽셀은 채점하지 않는다.",
)
