"""Whether the ports are ill as their originals were: each trained by plain torch, as it was and with the published fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from benchmarks.faults.case import Case, load, unwatched
from benchmarks.faults.plain import guessed, trained

HEAD = "| program | measure | as it was | mended | a guess | published | |\n|---|---|---|---|---|---|---|"


def table(names: Sequence[str], seeds: int) -> Iterator[str]:
    """The rows, one by one as they are measured."""
    torch.set_num_threads(1)
    yield HEAD
    for name in names:
        yield row(load(name), seeds)


def row(case: Case, seeds: int) -> str:
    """One program, both ways; a row that cannot be measured says why."""
    try:
        before = _words(values(case, seeds, fixed=False))
        after = _words(values(case, seeds, fixed=True)) if case.has_fix else "–"
        guess = "–" if case.train or case.measure == "loss" else _number(guessed(case.make(), case.measure))
    except Exception as error:
        return f"| {case.id} | {case.measure} | not measured: {error} | | | {case.published} | |"
    remark = "control" if case.facts.control else f"{case.table_steps} steps" if case.table_steps else ""
    return f"| {case.id} | {case.measure} | {before} | {after} | {guess} | {case.published} | {remark} |"


def values(case: Case, seeds: int, *, fixed: bool) -> list[float]:
    """The measure under each seed."""
    if case.train is not None:
        return [case.train(unwatched, seed, fixed=fixed) for seed in range(seeds)]
    recipe = case.make(fixed)
    if case.table_steps:
        recipe = recipe.change(steps=case.table_steps)
    return [trained(recipe, seed, case.measure) for seed in range(seeds)]


def _words(found: list[float]) -> str:
    return " · ".join(_number(value) for value in found)


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.4g}"
