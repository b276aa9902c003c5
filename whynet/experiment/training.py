"""The arms of a comparison on their way: planned and trained, and written down where the comparison is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from whynet.engine.arm import Arm
from whynet.engine.cluster import reach
from whynet.engine.fit import Fitted, fit_all
from whynet.engine.plan import Plan, make_plan
from whynet.engine.train import Watching
from whynet.experiment.asked import Means
from whynet.experiment.progress import Meter
from whynet.runs.underway import Underway


def train_arms(
    phase: str, arms: Sequence[Arm], watching: Watching, meter: Meter, means: Means, keep: Underway | None = None
) -> tuple[list[Fitted], Plan]:
    """Train arms, and say how. ``keep`` writes them down; where it knows the phase from before, they go on from where they were."""

    def planned() -> Plan:
        return make_plan(arms, means.stack, means.tier, means.workers, means.on)

    if keep is None:
        plan = planned()
        return fit_all(arms, watching, meter, means.stack, means.tier, plan=plan), plan
    own = keep.phase(phase, arms, planned)
    plan, left = own.plan, len(own.reached.outcomes) < len(arms)
    if (
        means.on is not None and plan.cluster is None and left
    ):  # what a cluster offers may have changed; how arms are grouped has not
        plan = replace(plan, cluster=reach(means.on))
    meter.take_up(own.reached, own.notes)
    watched, listen = own.watching(watching), own.listener(meter)
    return fit_all(arms, watched, listen, means.stack, means.tier, plan=plan, reached=own.reached), plan
