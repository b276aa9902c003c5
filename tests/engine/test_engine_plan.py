"""What trains together and where: chosen by what was measured, said in both languages, and of no consequence for the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from whynet.engine import plan as planning
from whynet.engine import worker
from whynet.engine.arm import Arm, prepare
from whynet.engine.cores import UNKNOWN, cores, free_memory
from whynet.engine.fit import fit_all
from whynet.engine.footprint import footprint
from whynet.engine.grouping import cut
from whynet.engine.plan import Plan, make_plan
from whynet.engine.timing import Timing, time_steps
from whynet.engine.train import Watching
from whynet.errors import OptionError
from whynet.recipe import recipe
from whynet.text import LANGUAGES


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "_timings", {})


class Costs:
    """Steps that take what a test says: seconds by the number of arms. Tracing makes them twice as fast and takes a second."""

    def __init__(self, **seconds: Any) -> None:
        self.seconds, self.asked = seconds, []

    def __call__(self, arms: list[Arm], size: int, tier: str, into: Timing) -> None:
        self.asked.append((arms[0].label, size, tier))
        cost = self.seconds[arms[0].label]
        if cost is None and size > 1:
            into.stackable = False
            return
        seconds = cost(size) if cost else 0.01
        into.steps[size] = seconds / 2 if tier == "traced" else seconds
        into.ready = 1.0 if tier == "traced" else 0.0


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine with so many cores and so much memory, on which steps take what they are said to."""

    def build(count: int = 2, memory: int = 2**40, **seconds: Any) -> Costs:
        costs = Costs(**seconds)
        monkeypatch.setattr(planning, "cores", lambda: count)
        monkeypatch.setattr(planning, "free_memory", lambda device: memory)
        monkeypatch.setattr(planning, "machine_memory", lambda: memory)
        monkeypatch.setattr(planning, "time_steps", costs)
        monkeypatch.setattr(planning, "crew", type("Cold", (), {"warm": lambda self: 0, "start_seconds": 2.0})())
        return costs

    return build


def overhead(each: float, once: float = 0.01) -> Any:
    """A step that costs so much once, and so much for each arm."""
    return lambda size: once + each * size


def arms(
    points: Any, label: str = "a", count: int = 8, model: str = "mlp(widths=[16])", steps: int = 200, first: int = 0
) -> list[Arm]:
    one = recipe(points, model, batch_size=10, steps=steps)
    return [prepare(one.change(seed=first + s), label) for s in range(count)]


def sizes(plan: Plan) -> list[int]:
    return [len(chunk.arms) for chunk in plan.chunks]


def says(plan: Plan, words: str) -> bool:
    return any(words in sentence.show("en") for sentence in plan.explain())


# --- stacked or alone ------------------------------------------------------------------------------------------------


def test_stacks_where_that_is_cheaper_and_not_where_it_is_dearer(points: Any, machine: Any) -> None:
    machine(1, a=overhead(0.001), b=lambda size: 0.01 * size**1.5)
    plan = make_plan([*arms(points, "a"), *arms(points, "b", model="mlp(widths=[17])")])
    assert sizes(plan) == [8] + [1] * 8
    assert says(plan, "a: a step takes 11.00 ms alone, 2.25 ms a network in a stack of 8, so they are stacked.")
    assert says(plan, "b: a step takes 10.00 ms alone")
    assert says(plan, "stacking gains too little")


@pytest.mark.parametrize(("each", "expected"), [(0.0001, [4]), (0.01, [1, 1, 1, 1])])
def test_convolutions_are_measured_too(pictures: Any, machine: Any, each: float, expected: list[int]) -> None:
    machine(1, a=overhead(each))
    assert sizes(make_plan(arms(pictures, count=4, model="lenet5"))) == expected


def test_a_smaller_stack_where_a_large_one_leaves_the_cache(points: Any, machine: Any) -> None:
    machine(1, a=lambda size: 0.01 + 0.001 * size * (5 if size > 4 else 1))
    plan = make_plan(arms(points, count=16))
    assert sizes(plan) == [4, 4, 4, 4]


def test_what_cannot_be_stacked_is_found_out(points: Any, machine: Any) -> None:
    machine(1, a=None)
    plan = make_plan(arms(points, count=3, steps=400))
    assert sizes(plan) == [1, 1, 1]
    assert says(plan, "cannot be stacked")


def test_without_stacking_nobody_is_stacked(points: Any, machine: Any) -> None:
    costs = machine(1, a=overhead(0.001))
    assert sizes(make_plan(arms(points), stack=False)) == [1] * 8
    assert {size for _, size, _ in costs.asked} == {1}


def test_little_work_is_not_measured(points: Any, machine: Any) -> None:
    costs = machine(2)
    plan = make_plan(arms(points, steps=20))
    assert costs.asked == []
    assert (sizes(plan), plan.workers) == ([8], 0)
    assert says(plan, "Nothing was measured: 160 steps")


def test_a_network_is_measured_once(points: Any, machine: Any) -> None:
    costs = machine(2, a=overhead(0.001))
    first, asked = make_plan(arms(points)), len(costs.asked)
    assert make_plan(arms(points)) == first
    assert len(costs.asked) == asked


# --- memory ----------------------------------------------------------------------------------------------------------


def test_memory_limits_stacks(points: Any, machine: Any) -> None:
    every = arms(points)
    machine(1, memory=4 * 3 * footprint(every[0]), a=overhead(0.001))  # a quarter of it: three arms
    plan = make_plan(every)
    assert max(sizes(plan)) <= 3
    assert sorted(i for chunk in plan.chunks for i in chunk.arms) == list(range(8))
    assert says(plan, "memory limits a stack to 3 networks")


def test_a_footprint_grows_with_weights_batch_and_state(points: Any) -> None:
    def bytes_of(model: str = "mlp(widths=[16])", optimizer: str = "sgd", batch: int = 10) -> int:
        return footprint(prepare(recipe(points, model, optimizer=optimizer, batch_size=batch)))

    weights = prepare(recipe(points, "mlp(widths=[16])")).network.initial.nbytes
    assert bytes_of() > 4 * weights
    assert bytes_of(optimizer="adam") == bytes_of() + 4 * weights  # two moments, before and after
    activations = 3 * 4 * (16 + 16 + 3 + 6)  # linear, relu, head and the input, of one example
    assert bytes_of(batch=20) - bytes_of() == 10 * activations
    assert bytes_of("mlp(widths=[512])") > 10 * bytes_of()


def test_free_memory_is_what_the_system_says(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 99 kB\nMemAvailable:   2048 kB\n")
    assert free_memory(tmp_path / "meminfo", tmp_path) == 2 * 2**20
    assert free_memory(tmp_path / "absent", tmp_path) == UNKNOWN
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    assert free_memory(tmp_path / "meminfo", tmp_path) == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(tmp_path / "meminfo", tmp_path) == 2 * 2**20


def test_a_container_may_lend_fewer_cores(tmp_path: Path) -> None:
    whole = cores(tmp_path)
    assert whole >= 1
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert cores(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cores(tmp_path) == whole


# --- here or in workers ----------------------------------------------------------------------------------------------


def test_long_work_is_spread_and_a_large_group_is_cut(points: Any, machine: Any) -> None:
    machine(4, a=overhead(0.02))
    plan = make_plan(arms(points, steps=1000))
    assert plan.workers == 4
    assert sizes(plan) == [2, 2, 2, 2]
    assert says(plan, "it is spread")


def test_the_longest_come_first(points: Any, machine: Any) -> None:
    machine(2, a=overhead(0.01), b=overhead(0.01), c=overhead(0.01))
    every = [*arms(points, "a", 2, steps=900), *arms(points, "b", 2, "mlp(widths=[17])", 2000)]
    plan = make_plan([*every, *arms(points, "c", 2, "mlp(widths=[18])", 1100)])
    assert [chunk.arms[0] for chunk in plan.chunks] == [2, 4, 0]
    assert [chunk.seconds for chunk in plan.chunks] == sorted((chunk.seconds for chunk in plan.chunks), reverse=True)


@pytest.mark.parametrize(("count", "steps"), [(1, 1000), (4, 100)])
def test_short_work_and_a_single_core_stay_here(points: Any, machine: Any, count: int, steps: int) -> None:
    machine(count, a=overhead(0.005))
    plan = make_plan(arms(points, steps=steps))
    assert (sizes(plan), plan.workers) == ([8], 0)
    assert says(plan, "in this process")


def test_a_worker_plans_for_itself_alone(points: Any, machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(4, a=overhead(0.02))
    monkeypatch.setattr(worker, "inside", True)
    assert make_plan(arms(points, steps=1000)).workers == 0
    assert make_plan(arms(points, steps=1000), workers=3).workers == 0


def test_workers_may_be_asked_for(points: Any, machine: Any) -> None:
    machine(4, a=overhead(0.02))
    assert make_plan(arms(points, steps=1000), workers=0).workers == 0
    few = make_plan(arms(points, steps=5), workers=2)
    assert (few.workers, sizes(few)) == (2, [4, 4])
    assert says(few, "As asked, 2 processes train.")


@pytest.mark.parametrize("wrong", [-1, 1.5, True, "many", None])
def test_a_wrong_number_of_workers_is_refused(points: Any, wrong: Any) -> None:
    with pytest.raises(OptionError, match="Expected a whole number of workers from 0"):
        fit_all(arms(points, count=1), workers=wrong)


# --- cutting and timing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(1, 12))
@pytest.mark.parametrize("largest", [1, 2, 5])
@pytest.mark.parametrize("parts", [1, 3])
def test_cutting_keeps_everybody_and_leaves_nobody_alone(n: int, largest: int, parts: int) -> None:
    chunks = cut(range(n), largest, parts)
    assert [i for chunk in chunks for i in chunk] == list(range(n))
    if largest > 1 and n > 1:
        assert min(map(len, chunks)) > 1
        assert max(map(len, chunks)) <= largest + (largest == 2)  # three in two pairs: one stack
        assert max(map(len, chunks)) - min(map(len, chunks)) <= 1
    else:
        assert {len(chunk) for chunk in chunks} == {1}


def test_a_step_between_measured_sizes() -> None:
    timing = Timing({1: 2.0, 5: 6.0, 9: 8.0})
    assert [timing.step(n) for n in (1, 2, 3, 5, 7, 9, 18)] == [2, 3, 4, 6, 7, 8, 16]
    assert timing.per_arm(9) == 8 / 9


class Counting(nn.Linear):
    """Remembers how often it ran, and answers by it."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        if self.training and torch.is_grad_enabled():
            self.calls += 1
        return super().forward(x) * (1 + self.calls)


def test_measuring_leaves_no_trace(points: Any) -> None:
    one = recipe(points, lambda: Counting(6, 3), "cross_entropy", "sgd(lr=0.01)", steps=5)
    untouched, measured = prepare(one), prepare(one)
    state = torch.get_rng_state()
    footprint(measured)
    time_steps([measured], 1, "eager", Timing())
    assert torch.equal(state, torch.get_rng_state())
    runs = [fit_all([arm], Watching(evaluations=1), workers=0)[0].history.loss for arm in (untouched, measured)]
    assert runs[0] == runs[1]


def test_real_steps_take_time(points: Any) -> None:
    timing = Timing()
    every = arms(points)
    for size in (1, 8):
        time_steps(every, size, "eager", timing)
    assert timing.stackable
    assert 0 < timing.per_arm(8) < timing.step(1)  # eight stacked cost less than eight alone


# --- what it says, and what it changes -------------------------------------------------------------------------------


def test_the_explanation_is_whole_in_both_languages(points: Any, pictures: Any, machine: Any) -> None:
    each = footprint(arms(points, count=1)[0])
    machine(2, memory=8 * 6 * each, a=overhead(0.002), b=lambda size: 0.01 * size, c=None)
    every = [*arms(points, "a", steps=1000), *arms(points, "c", 2, "mlp(widths=[9])", 900)]
    plan = make_plan([*every, *arms(pictures, "b", 2, "lenet5", 900)])
    for language in LANGUAGES:
        lines = [sentence.show(language) for sentence in plan.explain()]
        assert len(lines) >= 6
        assert not any("{" in line or "}" in line for line in lines)
    assert plan.explain()[0].show("en").startswith("12 networks with 3 different graphs")
    assert plan.explain()[0].show("ko").startswith("네트워크 12개, 서로 다른 그래프 3개")


def test_the_plan_does_not_show_in_the_results(points: Any) -> None:
    every = arms(points, count=4, steps=60)
    whole, halves = (fit_all(every, Watching(evaluations=1), plan=Plan(chunks, 0)) for chunks in (
        (planning.Chunk((0, 1, 2, 3), 0.0),), (planning.Chunk((0, 3), 0.0), planning.Chunk((1, 2), 0.0)),
    ))  # fmt: skip
    alone = fit_all(every, Watching(evaluations=1), stack=False, workers=0)
    for a, b, c in zip(whole, halves, alone, strict=True):
        assert a.history.loss == b.history.loss  # stacks of whatever size, to the last bit
        assert a.history.loss == pytest.approx(c.history.loss, rel=1e-5)  # alone, up to rounding


def test_where_there_is_machine_code_nothing_else_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def timed(arms: Any, size: int, tier: str, into: Any) -> None:
        asked.append((size, tier))
        into.steps[size] = 0.05 if tier == "eager" else 0.001
        into.machine = tier == "fast"

    monkeypatch.setattr(planning, "time_steps", timed)
    monkeypatch.setattr(planning, "cores", lambda: 1)
    monkeypatch.setattr(planning, "_timings", {})
    plan = make_plan([prepare(recipe("iris", "mlp(widths=[5])", steps=1000, seed=seed)) for seed in range(3)], tier="fast")
    assert asked == [(1, "eager"), (1, "fast")]
    assert [len(chunk.arms) for chunk in plan.chunks] == [3]
    assert "As machine code a step is 50.0x as fast" in " ".join(map(str, plan.explain()))
