"""Several changes at once, where no single one mends: every set of the most promising, the smallest that mends first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from whynet.doctor.cause import PLACES, Cause, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.plan import UNFIT, Plan, runs, suspected
from whynet.doctor.surgery import tried as attempted
from whynet.doctor.tried import Tried, mean
from whynet.recipe import Recipe, diff
from whynet.text import join

COMBINED = 4  # remedies of which all sets are tried


def candidates(tried: Sequence[Tried], suspicions: Sequence[Suspicion], chance: float) -> list[Tried]:
    """The best remedy of each cause that may be one of several: proved faults, what signs point to, what only helps; in this order."""
    by_name = {one.cause.name: one for one in suspicions}
    best: dict[str, Tried] = {}
    for one in tried:
        known = by_name.get(one.cause.name)
        if one.others or not (one.helps or one.unsure or (known is not None and suspected(known))):
            continue
        now = best.get(one.cause.name)
        if now is None or (not one.left, one.helps, mean(one.values, chance)) > (
            not now.left,
            now.helps,
            mean(now.values, chance),
        ):
            best[one.cause.name] = one

    def promise(one: Tried) -> tuple[bool, bool, bool, float, float]:
        known = by_name.get(one.cause.name)
        return (
            not (known is not None and known.proved), not (known is not None and suspected(known)), not one.helps,
            -mean(one.values, chance) if one.helps else 0.0, -(known.strength if known else 0.0),
        )  # fmt: skip

    return sorted(best.values(), key=promise)[:COMBINED]


def _rank(one: Tried, chance: float) -> tuple[bool, bool, float]:
    return not one.left, one.helps or one.unsure, mean(one.values, chance)


def sets(chosen: Sequence[Tried], sizes: Iterable[int], seen: Examination) -> list[Plan]:
    """Every set of so many changes that can be made together, each change still visible in what it leads to."""
    return [
        made
        for size in sizes
        if 1 < size <= len(chosen)
        for group in combinations(chosen, size)
        if (made := _together([_Change(one.cause, one.remedy, one.summary.level) for one in group], seen))
    ]


def certain(suspicions: Sequence[Suspicion]) -> set[str]:
    """The names of proved faults in how things are built.

    Of a rate that is proved wrong the right one is not known, and what asks for another rate may be another fault.
    """
    return {one.cause.name for one in suspicions if one.proved and one.cause.place in ("data", "output", "network")}


def of_certain(plans: Sequence[Plan], suspicions: Sequence[Suspicion], seen: Examination) -> list[Plan]:
    """All faults of how the network is built mended at once, by the first remedy of each: none has to be found guilty before.

    One of them alone may leave the network as ill as it was, the others being there still.
    """
    proved = certain(suspicions)
    first = {one.causes[0].name: one for one in reversed(plans) if one.causes[0].name in proved}
    if len(first) < 2:
        return []
    made = _together([_Change(one.causes[0], one.remedy, one.name) for one in first.values()], seen)
    return [made] if made and runs(made) else []


@dataclass(frozen=True)
class _Change:
    """One change of several."""

    cause: Cause
    remedy: Remedy
    level: str


def _together(group: Sequence[_Change], seen: Examination) -> Plan | None:
    ordered = sorted(group, key=lambda one: PLACES.index(one.cause.place))  # from the data to the weights
    changed = _applied(ordered, seen.recipe)
    if changed is None:
        return None
    for one in ordered:  # a change that another undoes is none
        rest = _applied([other for other in ordered if other is not one], seen.recipe)
        if rest is None or not diff(changed, rest):
            return None
    names = join([one.remedy.name for one in ordered], " + ")
    remedy = Remedy(names, ordered[0].remedy.apply, sum(one.remedy.changes for one in ordered))
    parts = tuple(one.level for one in ordered)
    return Plan(tuple(one.cause for one in ordered), remedy, changed, suspected=True, parts=parts)


def _applied(ordered: Sequence[_Change], recipe: Recipe) -> Recipe | None:
    changed: Recipe | None = recipe
    for one in ordered:
        try:
            changed = attempted(one.remedy.apply, changed) if changed is not None else None
        except UNFIT:
            return None
    return changed
