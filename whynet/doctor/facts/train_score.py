"""How the trained network answers the examples it has seen."""

from __future__ import annotations

import math

from whynet.doctor.examination import Examination


def train_score(seen: Examination) -> float:
    """The metric of the trained network on its sample of the training examples, as evaluated; NaN where training diverged."""
    outcome = seen.fitted.outcome
    if seen.diverged:
        return math.nan
    steps, scores = outcome.history.curve("train")
    [at] = (steps == outcome.step).nonzero()[0]  # the weights may be the best instead of the last
    return float(scores[at])
