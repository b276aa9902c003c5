"""The compiled tier: the same numbers from machine code, made beside the training and kept for the next."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.fx import GraphModule

import whynet.engine.population as population_module
from whynet import registry
from whynet.engine import compilation as compilation_module
from whynet.engine import compiled as compiled_module
from whynet.engine.agreement import agrees
from whynet.engine.arm import Arm, prepare
from whynet.engine.compilation import NO_COMPILER, STALE, Compilation, cache_folder, compiler
from whynet.engine.compiled import Inductor
from whynet.engine.events import Noticed, Stepped
from whynet.engine.fingerprint import fingerprint
from whynet.engine.graph import Flat, trace
from whynet.engine.noise import Tape
from whynet.engine.population import Population
from whynet.engine.runner import CHECK, SAVED, WARM, Runner
from whynet.engine.train import train
from whynet.recipe import recipe
from whynet.text import Text, plain

needs_compiler = pytest.mark.skipif(compiler() is None, reason="there is no C++ compiler here")

MODELS = {  # a small one of each, with data it takes
    "lenet5": ("digits(train=64)", "lenet5"),
    "linear_regression": ("sine", "linear_regression"),
    "logistic_regression": ("moons", "logistic_regression"),
    "mlp": ("moons", 'mlp(widths=[8, 8], norm="layer", skip="add", dropout=0.2)'),
    "perceptron": ("moons", "perceptron"),
    "sequential": ("digits(train=64)", "sequential([conv2d(4, 3), relu, max_pool(2), flatten, linear(10)])"),
    "softmax_regression": ("iris", "softmax_regression"),
}
OTHERS = (  # whose traced step is held to the eager one in test_engine_tiers: a compiler would take minutes over all of them
    "alexnet", "densenet", "fast_rcnn", "faster_rcnn", "fcn", "googlenet", "hebbian", "lrcn", "nin", "rcnn", "resnet", "siamese",
    "sppnet", "svm", "vgg", "vit", "yolo",
)  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of the test's own, in which nothing half done is left."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    yield cache_folder()
    assert [path.suffix for path in cache_folder().glob("*") if path.suffix not in (".pt2", ".so")] == []


def arm(data: str = "moons", model: str = "mlp(widths=[8])", seed: int = 0, **settings: Any) -> Arm:
    return prepare(recipe(data, model, seed=seed, **{"batch_size": "all", **settings}))


def graph_of(arms: list[Arm], monkeypatch: pytest.MonkeyPatch) -> tuple[GraphModule, list[Tensor]]:
    """The traced step of a population, and arguments for it."""
    seen: list[tuple[GraphModule, list[Tensor]]] = []

    def keep(flat: Flat) -> GraphModule:
        seen.append((trace(flat), flat.examples))
        return seen[-1][0]

    monkeypatch.setattr(population_module, "trace", keep)
    population = Population(arms, tier="traced")
    population.step(1, population.epoch(0)[0])
    return seen[0]


def toy(factor: float = 0.1) -> tuple[GraphModule, list[Tensor]]:
    """A graph in the form of a step: loss, weights, readings."""
    examples = [torch.arange(4.0), torch.ones(4)]
    return trace(Flat(lambda w, g: [w.sum(), w - factor * g, w[:0]], examples)), examples


def test_every_model_is_here() -> None:
    assert sorted([*MODELS, *OTHERS]) == registry.names("model")


@needs_compiler
@pytest.mark.parametrize("name", MODELS)
def test_a_compiled_step_comes_to_the_same(name: str) -> None:
    data, model = MODELS[name]
    optimizer = "adam(lr=0.001)" if name == "mlp" else "sgd(lr=0.1, momentum=0.9)"
    arms = [arm(data, model, seed, optimizer=optimizer) for seed in range(3 if name == "mlp" else 1)]
    ours, theirs = Population(arms, tier="compiled"), Population(arms, tier="traced")
    for step, positions in enumerate(ours.epoch(0)[:1] * 2, start=1):
        mine, other = ours.step(step, positions), theirs.step(step, positions)
        torch.testing.assert_close(mine[0], other[0], rtol=1e-6, atol=1e-6)
    assert ours.bursts(arms[0].batch_size)  # it is our own machine code
    for i in range(len(arms)):
        torch.testing.assert_close(ours.parts(i)[0], theirs.parts(i)[0], rtol=1e-6, atol=1e-6)


@needs_compiler
def test_the_other_compiler_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, examples = graph_of(
        [arm("moons", MODELS["mlp"][1], seed, optimizer="adam(lr=0.001)") for seed in range(3)], monkeypatch
    )
    compilation = Inductor(graph, examples)
    run = compilation.wait()
    assert run is not None, compilation.failed
    for ours, theirs in zip(run(*examples), graph(*examples), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


@needs_compiler
def test_a_training_may_be_compiled_from_its_first_step_and_the_next_finds_it_done(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losses(tier: Any) -> Tensor:
        return torch.stack([e.losses for e in train([arm(epochs=30)], tier=tier) if isinstance(e, Stepped)])

    first = losses("compiled")
    assert len(list(cache.glob("*.so"))) == 1
    monkeypatch.setattr(compilation_module.subprocess, "Popen", None)  # whoever would compile again fails
    assert torch.equal(losses("compiled"), first)
    torch.testing.assert_close(first, losses("traced"), rtol=0, atol=1e-5)


def test_a_short_training_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Compilation, "start", lambda self: pytest.fail("it does not pay"))
    assert not [e for e in train([arm(epochs=200)], tier="fast") if isinstance(e, Noticed)]


def test_what_is_not_asked_to_be_fast_is_never_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population_module, "Native", None)
    monkeypatch.setattr(population_module, "Inductor", None)  # the default tiers give the same bits every time
    for tier in ("auto", "traced", "eager"):
        list(train([arm(epochs=200)], tier=tier))  # type: ignore[arg-type]


def test_without_a_compiler_it_is_said_once_and_the_numbers_are_those_of_the_traced_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(tier: Any) -> list[Any]:
        return [e for e in train([arm(epochs=8)], tier=tier) if isinstance(e, Stepped | Noticed)]

    monkeypatch.setattr(compilation_module.shutil, "which", lambda name: None)
    events = run("compiled")
    assert [e.note for e in events if isinstance(e, Noticed)] == [NO_COMPILER]
    ours = [float(e.losses) for e in events if isinstance(e, Stepped)]
    assert ours == [float(e.losses) for e in run("traced")]


class Slow:
    """A compilation that is ready when it is told so."""

    pays = 15.0

    def __init__(self, cached: bool = False) -> None:
        self.is_cached, self.process, self.failed = cached, None, None
        self.started = self.closed = 0
        self.made: Any = None

    def start(self) -> None:
        self.started += 1
        self.process = object()  # type: ignore[assignment]

    def ready(self) -> Any:
        return self.made

    def close(self) -> None:
        self.closed += 1


def runner(slow: Slow) -> Runner:
    return Runner(lambda *_: ["traced"], Tape.recording(), slow)  # type: ignore[arg-type, list-item]


def calls(one: Runner, n: int, remaining: int) -> None:
    for _ in range(n):
        one.look(remaining)


@pytest.mark.parametrize(("share", "starts"), [(0.5, 0), (2.0, 1)])
def test_compiling_begins_only_where_what_is_left_repays_it(monkeypatch: pytest.MonkeyPatch, share: float, starts: int) -> None:
    clock = iter(float(i) for i in range(100))
    monkeypatch.setattr("whynet.engine.runner.time.perf_counter", lambda: next(clock))
    a_call = 1.0 / CHECK  # the clock moves by a second from look to look
    slow = Slow()
    calls(runner(slow), WARM + CHECK, round(share * Slow.pays / (a_call * SAVED)))
    assert slow.started == starts


def test_the_compiled_step_is_taken_when_it_is_ready_and_not_before() -> None:
    slow = Slow()
    one = runner(slow)
    calls(one, WARM + 2 * CHECK, 10**12)
    assert slow.started == 1
    assert one.run() == ["traced"]
    slow.made = lambda: ["compiled"]
    calls(one, CHECK, 10**12)
    assert one.run() == ["compiled"]
    assert (slow.closed, one.compilation, one.notes) == (1, None, [])


def test_a_step_compiled_before_is_taken_at_once() -> None:
    slow = Slow(cached=True)
    slow.made = lambda: ["compiled"]
    one = runner(slow)
    calls(one, WARM, 0)
    assert one.run() == ["compiled"]


def test_a_failure_is_said_and_the_traced_step_stays() -> None:
    slow = Slow()
    slow.failed = plain("no")  # type: ignore[assignment]
    one = runner(slow)
    calls(one, WARM + CHECK, 10**12)
    assert [str(note) for note in one.notes] == ["no"]
    assert one.run() == ["traced"]
    assert one.compilation is None


@needs_compiler
def test_a_damaged_file_is_thrown_away(cache: Path) -> None:
    compilation = Inductor(*toy())
    cache.mkdir(parents=True)
    compilation.path.write_bytes(b"this is no library")
    assert compilation.ready() is None
    assert isinstance(compilation.failed, Text)
    assert not compilation.path.exists()


def test_a_step_that_another_process_compiles_is_waited_for(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation_module, "compiler", lambda: "c++")
    cache.mkdir(parents=True)
    compilation = Inductor(*toy())
    mark = compilation.path.with_suffix(".busy")
    mark.touch()
    compilation.start()
    assert compilation.elsewhere
    assert compilation.process is None
    assert compilation.ready() is None
    assert compilation.failed is None
    os.utime(mark, (time.time() - 2 * STALE,) * 2)  # whoever made it is long gone
    monkeypatch.setattr(compiled_module.sys, "executable", "/bin/true")
    compilation.start()
    assert not compilation.elsewhere
    compilation.close()
    assert not mark.exists()


@pytest.mark.parametrize("command", ["/bin/false", "/no/such/python"])
def test_a_compiler_that_fails_or_cannot_be_started(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation_module, "compiler", lambda: "c++")
    monkeypatch.setattr(compiled_module.sys, "executable", command)
    compilation = Inductor(*toy())
    assert compilation.wait() is None
    assert "could not be compiled" in compilation.failed.show("en")  # type: ignore[union-attr]
    assert "컴파일할 수 없어" in compilation.failed.show("ko")  # type: ignore[union-attr]
    compilation.close()


def test_stopping_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation_module, "compiler", lambda: "c++")
    compilation = Inductor(*toy())
    compilation.start()
    process = compilation.process
    assert process is not None
    compilation.close()
    assert process.returncode is not None
    assert list(cache.glob("*")) == []


def test_a_fingerprint_tells_apart_what_differs() -> None:
    graph, examples = toy()
    same, _ = toy()
    assert fingerprint(graph, examples) == fingerprint(same, examples)
    assert fingerprint(toy(0.2)[0], examples) != fingerprint(graph, examples)
    assert fingerprint(graph, [e.double() for e in examples]) != fingerprint(graph, examples)
    assert fingerprint(graph, [e.repeat(2) for e in examples]) != fingerprint(graph, examples)


def test_agreement_forgives_rounding_and_nothing_else() -> None:
    start = torch.zeros(2, 100)  # two arms
    loss, state, readings = torch.ones(2), torch.ones(2, 3), torch.ones(2, 2)
    after = torch.tensor([[0.1], [0.001]]).repeat(1, 100)  # at rates of their own
    traced = [loss, after, state, readings]
    noisy, wrong, borrowed = after.clone(), after.clone(), after.clone()
    noisy[:, :5] *= -1  # what Adam makes of gradients that are nothing but rounding
    wrong[0, 0] = 7.0
    borrowed[1] = after[0]  # the rate of another arm
    assert agrees(traced, traced, start)
    assert agrees([loss, noisy, state, readings], traced, start)
    assert not agrees([loss, noisy, readings], [loss, after, readings], start)  # plain gradient descent has no state to blame
    assert not agrees([loss, wrong, state, readings], traced, start)
    assert not agrees([loss, borrowed, state, readings], traced, start)
    assert not agrees([loss, after, state + 0.01, readings], traced, start)
    assert not agrees([loss + 0.01, after, state, readings], traced, start)
    assert not agrees([loss, after, state, readings + 0.01], traced, start)


@needs_compiler
def test_arms_at_rates_of_their_own_keep_them_when_compiled() -> None:
    arms = [arm(epochs=3, optimizer=f"adam(lr={rate})") for rate in (0.1, 0.001)]
    ours, theirs = Population(arms, tier="compiled"), Population(arms, tier="traced")
    positions = ours.epoch(0)[0]
    for step in (1, 2, 3):
        ours.step(step, positions)
        theirs.step(step, positions)
    assert ours.notes() == []
    for i in range(2):
        torch.testing.assert_close(ours.parts(i)[0], theirs.parts(i)[0], rtol=0, atol=1e-6)
