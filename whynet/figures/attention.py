"""Where attention looks: a row for each layer, a small picture for each head."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from whynet.figures.canvas import Words, finish, sheet, wrapped_name
from whynet.figures.mosaic import GAP, mosaic
from whynet.figures.pictures import shown_picture, stacked
from whynet.figures.style import SMALL, WIDTH, sequential
from whynet.text import Text

HEADS, LAYERS = 8, 6
MARGIN = 1.15  # inches for the names
VEIL = 0.7  # of the colour over the picture


def attention(layers: Mapping[str, ArrayLike], *, title: Words, picture: ArrayLike | None = None) -> Figure:
    """The weights of each head, at most 8 heads of 6 layers, each on a scale of its own.

    ``layers``: name → (heads, h, w). With a ``picture`` (C, H, W) they are what one place looks at, laid over it; without, whole
    maps, the place that looks down and the place that is looked at across.
    """
    names = list(layers)
    if len(names) > LAYERS:
        names = [names[round(i * (len(names) - 1) / (LAYERS - 1))] for i in range(LAYERS)]
    heads = min(HEADS, max((np.asarray(layers[name]).shape[0] for name in names), default=1))
    columns = heads + (picture is not None)
    cell = min((WIDTH - MARGIN) / columns, 1.5)
    figure = sheet(title, height=0.95 + len(names) * (cell + 0.1), note=_MAPS if picture is None else _OVER)
    ratios = [1.0, heads * (1 + GAP)] if picture is not None else [1.0]
    axes = figure.subplots(max(len(names), 1), len(ratios), squeeze=False, width_ratios=ratios)
    for row, name in zip(axes, names, strict=True):
        maps = np.asarray(layers[name], float)[:heads]
        if picture is not None:
            shown_picture(row[0], picture)
            row[0].set_axis_off()
        greatest = maps.max(axis=(1, 2), keepdims=True)
        shares = maps / np.where(greatest > 0, greatest, 1.0)
        if picture is None:
            middles = mosaic(row[-1], shares, heads, sequential())
        else:
            middles = mosaic(row[-1], _laid_over(shares, stacked(np.asarray(picture)[None])[0]), heads)
        for head, x in enumerate(middles if name == names[0] else []):
            said, at = Text("head {n}", "헤드 {n}").fill(n=head + 1), row[-1].get_xaxis_transform()
            row[-1].text(x, 1.03, str(said), transform=at, fontsize=SMALL, ha="center", va="bottom")
        words = wrapped_name(name, MARGIN - 0.1, SMALL)
        row[0].text(
            -0.06 / len(ratios),
            0.5,
            words,
            transform=row[0].transAxes,
            fontsize=SMALL,
            ha="right",
            va="center",
            linespacing=1.3,
        )
    return finish(figure)


def _laid_over(shares: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Colours of shares (heads, h, w) over a grey picture, (heads, H, W, 3); each place covers its part of the picture."""
    grey = picture if picture.ndim == 2 else picture.mean(axis=2)
    grey = (grey - np.nanmin(grey)) / max(float(np.ptp(grey)), 1e-12)
    rows, columns = (np.arange(to) * of // to for of, to in zip(shares.shape[1:], grey.shape, strict=True))
    return VEIL * sequential()(shares[:, rows][:, :, columns])[..., :3] + (1 - VEIL) * grey[None, :, :, None]


_OVER = Text(
    "Left: the picture, which also lies in grey below each map. The deeper the blue of a place, the more the class token (or else "
    "all places together) takes from it; each head on a scale of its own, from zero.",
    "왼쪽: 그림. 맵 아래에도 회색으로 깔았다. 파랑이 진할수록 클래스 토큰(없으면 모든 자리)이 그 자리에서 많이 가져온다. "
    "눈금은 헤드마다 따로이고 0에서 시작한다.",
)
_MAPS = Text(
    "Down: the place that looks. Across: the place that is looked at. Each head on a scale of its own, from zero.",
    "세로: 보는 자리. 가로: 보이는 자리. 눈금은 헤드마다 따로이고 0에서 시작한다.",
)
