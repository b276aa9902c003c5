"""What the numbers of a few seeds allow one to say.

Values in, numbers and sentences out; nothing here trains anything. `summarise` is the whole of it in one call.
"""

from whynet.experiment.statistics.correction import holm
from whynet.experiment.statistics.diverged import count_diverged, settle
from whynet.experiment.statistics.interval import ERROR_RATE, LEVEL, Bounds, Interval, interval
from whynet.experiment.statistics.paired import Paired, least_p, paired, seeds_needed, superiority
from whynet.experiment.statistics.recovery import Effect, Recovery, has_recovered, recovery
from whynet.experiment.statistics.summary import LevelSummary, summarise
from whynet.experiment.statistics.verdict import OUTCOMES, Outcome, outcome, verdict

__all__ = [
    "ERROR_RATE",
    "LEVEL",
    "OUTCOMES",
    "Bounds",
    "Effect",
    "Interval",
    "LevelSummary",
    "Outcome",
    "Paired",
    "Recovery",
    "count_diverged",
    "has_recovered",
    "holm",
    "interval",
    "least_p",
    "outcome",
    "paired",
    "recovery",
    "seeds_needed",
    "settle",
    "summarise",
    "superiority",
    "verdict",
]
