"""Figures: one function, one picture. Every function returns a matplotlib `Figure` and touches no global state."""

from whynet.figures.by_depth import by_depth
from whynet.figures.curves import curves
from whynet.figures.heat import heat
from whynet.figures.save import save, svg
from whynet.figures.style import theme, use_theme
from whynet.figures.trial import Level, trial

__all__ = ["Level", "by_depth", "curves", "heat", "save", "svg", "theme", "trial", "use_theme"]
