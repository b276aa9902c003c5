"""What a run counts for that did not reach the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def settle(
    values_by_level: Mapping[str, Sequence[float] | np.ndarray],
    chance: float | None = None,
    higher_is_better: bool = True,
) -> dict[str, np.ndarray]:
    """The values with every NaN or infinity replaced by the worst finite value of any arm, or by chance where that is worse.

    A run that diverged is a failure, not a missing value: leaving it out would make the learning rate that blows up half of the
    networks look as good as its lucky half. It can never beat a run that finished, and it costs no more than the worst of them,
    so one explosion cannot drown a comparison. Where nothing is finite and chance is unknown every value is NaN.
    """
    arms = {name: np.asarray(values, dtype=float) for name, values in values_by_level.items()}
    seen = [float(value) for values in arms.values() for value in values if np.isfinite(value)]
    if chance is not None:
        seen.append(chance)
    worst = float("nan") if not seen else min(seen) if higher_is_better else max(seen)
    return {name: np.where(np.isfinite(values), values, worst) for name, values in arms.items()}


def count_diverged(values: Sequence[float] | np.ndarray) -> int:
    """How many runs ended in NaN or infinity."""
    return int(np.sum(~np.isfinite(np.asarray(values, dtype=float))))
