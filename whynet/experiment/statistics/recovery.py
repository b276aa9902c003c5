"""Whether a remedy brings learning back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from whynet.errors import ComparisonError
from whynet.experiment.statistics.interval import Interval
from whynet.experiment.statistics.paired import superiority
from whynet.text import Text

Effect = Literal["restores", "often", "no"]

RECOVERED = 0.8  # of the way from chance to healthy
OFTEN = 0.5  # of the seeds


@dataclass(frozen=True)
class Recovery:
    """How many seeds a remedy brought back. ``share``: with Wilson's 95 % interval."""

    effect: Effect
    recovered: int
    n: int
    share: Interval
    words: Text


def has_recovered(value: float, chance: float, healthy: float) -> bool:
    """(value - chance) / (healthy - chance) ≥ 0.8: most of the way from ignoring the input to a healthy network.

    For a metric of which lower is better ``healthy`` is below ``chance`` and the same formula holds. A diverged run has not
    recovered. Raises `ComparisonError` where healthy equals chance: there is nothing to recover.
    """
    if not math.isfinite(chance) or not math.isfinite(healthy) or healthy == chance:
        raise ComparisonError(_NOTHING_TO_RECOVER, healthy=healthy, chance=chance)
    return math.isfinite(value) and (value - chance) / (healthy - chance) >= RECOVERED


def recovery(values: Sequence[float] | np.ndarray, chance: float, healthy: float) -> Recovery:
    """ "restores" where every seed recovered, "often" where at least half did, "no" otherwise.

    ``values``: the metric of each seed with the remedy; ``healthy``: the metric of a network that learns this data.
    """
    n, recovered = len(values), sum(has_recovered(float(value), chance, healthy) for value in values)
    effect: Effect = "restores" if n and recovered == n else "often" if n and recovered >= OFTEN * n else "no"
    words = _EFFECTS[effect].fill(recovered=recovered, n=n)
    return Recovery(effect, recovered, n, superiority(recovered, 0, n), words)


_EFFECTS: dict[Effect, Text] = {
    "restores": Text("restores learning ({recovered} of {n} seeds)", "학습을 되살린다 (시드 {n}개 중 {recovered}개)"),
    "often": Text("often restores learning ({recovered} of {n} seeds)", "자주 학습을 되살린다 (시드 {n}개 중 {recovered}개)"),
    "no": Text("does not restore learning ({recovered} of {n} seeds)", "학습을 되살리지 못한다 (시드 {n}개 중 {recovered}개)"),
}
_NOTHING_TO_RECOVER = Text(
    "Recovery is measured from chance towards a healthy network, so the two must be finite and differ. "
    "Received: healthy {healthy}, chance {chance}. Give the metric of a network that learns this data.",
    "회복은 찍기 수준에서 건강한 네트워크까지 얼마나 왔는지로 재므로 두 값은 유한하고 서로 달라야 한다. "
    "받은 것: 건강한 네트워크 {healthy}, 찍기 수준 {chance}. 이 데이터를 학습하는 네트워크의 지표를 준다.",
)
