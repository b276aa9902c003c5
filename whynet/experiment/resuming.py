"""Go on with what was interrupted, a run or a comparison, as if it never had been; and open again what has ended.

made = resume(Store("runs"), "last")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from whynet.errors import StoreError
from whynet.experiment.asked import read
from whynet.experiment.compare import Comparison, kept
from whynet.experiment.factor import Level
from whynet.experiment.progress import Progress
from whynet.experiment.tuning import Tuned
from whynet.recipe import Recipe
from whynet.runs.comparison import KeptComparison
from whynet.runs.resume import resume as resume_run
from whynet.runs.run import Run
from whynet.runs.store import Store
from whynet.runs.summary import RunSummary
from whynet.text import Text


def resume(
    store: Store, run_id: str, listen: Callable[[Any], None] | None = None, recipe: Recipe | None = None
) -> Run | Comparison:
    """Go on with a run or a comparison from where it was interrupted; one that has ended is returned as it is.

    What comes out is what an uninterrupted training on this machine would have given, bit for bit. ``run_id``: see `Store.find`;
    "last" is the newest run or comparison. ``listen`` is told the events of a run, the `Progress` of a comparison. ``recipe`` gives a
    run's Python objects of your own again. Raises `StoreError` where the data or the model is not what it was.
    """
    found = resumable(store, run_id)
    if found.kind == "comparison":
        return resume_comparison(store, found.id, listen)
    return resume_run(store, found.id, listen, recipe)


def resumable(store: Store, run_id: str) -> RunSummary:
    """What is meant: ``"last"`` is the newest run or comparison, whatever other results were kept since. Raises `StoreError`."""
    if run_id != "last":
        return store.find(run_id)
    newest = [one for kind in ("run", "comparison") for one in store.runs(limit=1, kind=kind)]
    return max(newest, key=lambda one: (one.created, one.id)) if newest else store.find(run_id)


def resume_comparison(store: Store, run_id: str, listen: Callable[[Progress], None] | None = None) -> Comparison:
    """Go on with a comparison: arms that have ended are not trained again, stacks go on from their last checkpoints.

    Raises `StoreError` where it cannot, `StoppedComparisonError` where it is interrupted again.
    """
    found = store.comparison(run_id)
    if found.status == "running":
        raise StoreError(_RUNNING, run=found.id)
    if found.status == "finished":
        return reopened(found)
    if not found.asked["written"]:
        raise StoreError(_OBJECTS, run=found.id)
    asked = read(found.asked)
    return kept(asked, store.take_up(found), listen)


def reopened(found: KeptComparison) -> Comparison:
    """A comparison that has ended, with all its arms. Raises `StoreError` where its arms were not kept, or cannot be made again."""
    arms, told = found.arms(), found.payload or {}
    if not arms:
        raise StoreError(_NO_ARMS, run=found.id)
    by_level = {name: [arm.fitted for arm in arms if arm.level == name] for name in found.levels}
    tuned = [
        Tuned(name, one["rate"], {float(rate): float("inf") if loss is None else loss for rate, loss in one["validation_loss"].items()})
        for name, one in told["tuned"].items()
    ]  # fmt: skip
    rates = {one.level: {"optimizer.lr": one.rate} for one in tuned}
    return Comparison(
        found.paths,
        [Level(name, recipe.change(**rates.get(name, {}))) for name, recipe in found.levels.items()],
        found.seeds,
        str(found.asked["baseline"]),
        by_level,
        tuned,
        [Text(**note) for note in told["notes"]],
        told["seconds"],
        found.plan,
        found.folder,
    )


_RUNNING = Text(
    "Comparison {run} is being trained by another process.",
    "비교 {run:은} 다른 프로세스가 학습하고 있다.",
)
_OBJECTS = Text(
    "Comparison {run} cannot go on, because it holds Python objects of your own, which are not stored. What was measured of the arms "
    "that have ended is there: store.comparison({run!r}).arms()",
    "비교 {run:은} 이어서 할 수 없다. 저장되지 않는 사용자의 파이썬 객체가 들어 있다. 끝난 팔(arm)에서 측정한 것은 남아 있다: "
    "store.comparison({run!r}).arms()",
)
_NO_ARMS = Text(
    "Of comparison {run} only the result was kept, not its arms: store.result({run!r})",
    "비교 {run:은} 결과만 저장되어 있고 팔(arm)은 저장되어 있지 않다: store.result({run!r})",
)
