"""What lets someone repeat a result: machine, versions, seeds, date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from whynet.runs.environment import environment
from whynet.text import Text


def facts(recipe: object, seeds: Sequence[int], seconds: float) -> dict[str, str | Text]:
    """The facts under a report."""
    here = environment()
    return {
        "recipe": str(recipe),
        "seeds": ", ".join(str(seed) for seed in seeds),
        "machine": f"{here.cpu}, {here.platform}",
        "versions": f"whynet {here.whynet}, torch {here.torch}, Python {here.python}",
        "time": f"{seconds:.1f} s",
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
    }
