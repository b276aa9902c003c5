"""Pictures of this chapter."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from whynet.figures.charts import bars, remarks
from whynet.questions.numbers import CHANCE
from whynet.text import Text

ROOM = 0.28  # left of the first bars, for the word at the line of chance, as a share of the width


def against_chance(
    frame: pd.DataFrame, x: str, y: str, by: str, *, title: Text, x_name: Text, y_name: Text, chance: float
) -> Figure:
    """Grouped bars, see `bars.grouped`, with the line of chance and its name beside them."""
    drawn = bars.grouped(frame, x, y, by, title=title, x_name=x_name, y_name=y_name)
    drawn.axes[0].set_xlim(left=-0.5 - ROOM * frame[x].nunique())
    return remarks.reference(drawn, chance, CHANCE)
