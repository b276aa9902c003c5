"""How well a number tells two classes apart, at every threshold at once."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from whynet.engine.roc import Roc
from whynet.figures.canvas import Words, finish, gridded, name_axes, side_legend, single, wrapped
from whynet.figures.style import SMALL, theme
from whynet.text import Text

FALSE_ALARMS = Text("false alarms", "거짓 경보(false positive)")
HITS = Text("hits", "맞힌 비율(true positive)")


def roc(curves: Mapping[str, Roc], *, title: Words) -> Figure:
    """A curve for each score, label → `whynet.engine.roc.Roc`; a dot where both mistakes are equally frequent."""
    figure, ax = single(title, width=6.4, height=4.4, note=_NOTE)
    ax.plot([0, 1], [0, 1], color=theme().muted, linestyle=":", linewidth=1)
    for i, (label, curve) in enumerate(curves.items()):
        rate = curve.equal_error_rate
        text = str(_LABEL.fill(label=label, area=curve.area, rate=rate))
        label = wrapped(text, 1.7, SMALL)
        ax.plot(curve.false_alarms, curve.hits, color=theme().colour(i), linestyle=theme().dash(i), linewidth=2, label=label)
        ax.plot([rate], [1 - rate], marker="o", markersize=6, color=theme().colour(i))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, 0))
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    gridded(ax, "both")
    side_legend(ax)
    name_axes(ax, FALSE_ALARMS, HITS)
    return finish(figure)


_LABEL = Text("{label}: area {area:.3f}, equal error rate {rate:.1%}", "{label}: 넓이 {area:.3f}, 동일 오류율(EER) {rate:.1%}")
_NOTE = Text(
    "Each point is a threshold. Dotted: chance. Dots: false alarms are as frequent as misses.",
    "점마다 문턱값이 하나씩이다. 점선: 우연. 큰 점: 거짓 경보와 놓침이 같은 비율인 곳.",
)
