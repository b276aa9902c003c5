"""Steps written in C++: every operation against PyTorch's own, and trainings that do not notice how many steps one call takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

import whynet.engine.train as train_module
from whynet.engine.arm import Arm, prepare
from whynet.engine.compilation import compiler
from whynet.engine.compiled import Inductor
from whynet.engine.events import Event, Finished, Noticed, Stepped
from whynet.engine.fit import all_probes
from whynet.engine.graph import Flat, trace
from whynet.engine.native import tree
from whynet.engine.native.compilation import Native
from whynet.engine.native.emit import UnwritableError
from whynet.engine.population import Population
from whynet.engine.timing import MANY, TRIED, Timing, time_steps
from whynet.engine.train import Watching, train
from whynet.recipe import recipe

needs_compiler = pytest.mark.skipif(compiler() is None, reason="there is no C++ compiler here")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of this file's own, so that what is compiled here was written by the code as it is now."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


# --- one operation after the other -----------------------------------------------------------------------------------

Case = Callable[..., Tensor]


class Unchecked(Native):
    """Machine code that is taken whatever it comes to; here the tests check it."""

    def holds(self, run: Any) -> bool:
        return True


def native(cases: Sequence[Case], *inputs: Tensor) -> list[Tensor]:
    """What machine code makes of the cases, functions of all inputs; all of them are compiled at once, as one step's readings."""
    sizes = [one.numel() for one in inputs]

    def step(packed: Tensor, rate: Tensor, count: Tensor, x: Tensor, y: Tensor, uniform: Tensor, normal: Tensor) -> Any:
        parts = [part.view(one.shape) for part, one in zip(packed.split(sizes), inputs, strict=True)]
        results = [case(*parts).flatten().to(torch.float32) for case in cases]
        return [packed.sum() * 0.0, packed * 1.0, torch.cat(results)]

    packed = torch.cat([one.flatten() for one in inputs])
    nothing = torch.zeros(0)
    one = torch.ones((), dtype=torch.float64)
    flat = Flat(step, [packed, one, one, torch.zeros(1, 1), torch.zeros(1, 1), nothing, nothing])
    made = Unchecked(trace(flat), flat.examples, 1, stacked=False)
    run = made.wait()
    assert run is not None, made.failed
    readings = run(*flat.examples)[-1]
    shapes = [case(*inputs).shape for case in cases]
    return [part.view(shape) for part, shape in zip(readings.split([s.numel() for s in shapes]), shapes, strict=True)]


def check(cases: dict[str, Case], *inputs: Tensor, rtol: float = 2e-6, atol: float = 2e-6) -> None:
    for (name, case), ours in zip(cases.items(), native(list(cases.values()), *inputs), strict=True):
        theirs = case(*inputs).to(torch.float32)
        torch.testing.assert_close(
            ours, theirs, rtol=rtol, atol=atol, equal_nan=True, msg=lambda said, name=name: f"{name}: {said}"
        )


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@needs_compiler
def test_operations_on_each_element() -> None:
    index = torch.tensor([2, 0, -1, 3])
    check(
        {
            "arithmetic": lambda a, b: (a + b) * 2 - a / (b * b + 1) + 3 - (1 - a),
            "broadcast row": lambda a, b: a + b[0],
            "broadcast column": lambda a, b: (a.exp() * b[:, :1].exp()),
            "powers": lambda a, b: a**2 + a**3 + (a * a + 1) ** 0.5 + (a.abs() + 0.5) ** 1.7 + (a * a + 1) ** -0.5,
            "where": lambda a, b: torch.where(a > b, a, -b) + torch.where(a <= 0, 1.0, b),
            "compares": lambda a, b: (a > 0.1).float() + (a == b).float() + (a != b).int() + (a >= b).double(),
            "logic": lambda a, b: ((a > 0) & (b > 0)).float() + ((a > 0) | ~(b > 0)).float(),
            "clamps": lambda a, b: a.clamp(-0.5, 0.5) + b.clamp(min=0.1) + a.clamp(max=0.2),
            "extremes": lambda a, b: torch.maximum(a, b) - torch.minimum(a, b) + a.relu() + a.abs() + a.sign(),
            "functions": lambda a, b: a.exp() + a.sin() + b.cos() + torch.erf(a) + (a * a + 0.1).log() + (a * a).sqrt() + a.tanh(),
            "sigmoid and friends": lambda a, b: a.sigmoid() + F.softplus(b) + F.silu(a) + F.gelu(b) + F.elu(a) + F.leaky_relu(b),
            "more activations": lambda a, b: F.hardtanh(a) + F.hardsigmoid(b) + F.hardswish(a) + F.logsigmoid(b) + F.selu(a) + F.mish(a),
            "small": lambda a, b: torch.expm1(a * 1e-3) + torch.log1p(b * b * 1e-3) + (a * 1e-3).tanh(),
            "double inside": lambda a, b: (a.double() * 1.0000001 + b.double()).float(),
            "whole numbers": lambda a, b: ((a * 10).long() * 3 + torch.arange(7)).float(),
            "views": lambda a, b: a.t().reshape(-1)[3:20:2].view(3, 3) + b[1:4, 2:5].t() + a[0, 0],
            "cat": lambda a, b: torch.cat([a, b * 2, a.exp()], 1) + torch.stack([a[0, 0], b[0, 0], a[1, 1]] * 7),
            "split and select": lambda a, b: a.chunk(2, 1)[0] + b.unbind(1)[0].unsqueeze(1) + b.select(0, -1)[:4],
            "gather": lambda a, b: a.gather(0, index[None, :4].clamp(min=0)) + b[:, :5].gather(1, index[:1, None]),
            "index": lambda a, b: a[index] + b.index_select(0, index.clamp(min=0)),
            "scatter": lambda a, b: a.scatter(0, index[None].clamp(min=0), 1.5),
            "scatter, adding": lambda a, b: a.scatter_add(1, index[:, None].clamp(min=0).expand(4, 2), b[:4, :2]),
            "one hot": lambda a, b: (index[:, None] == torch.arange(5)).float() * 2,
            "embedding": lambda a, b: F.embedding(index.clamp(min=0), a),
        },
        numbers(5, 7), numbers(5, 7, seed=1),
    )  # fmt: skip


@needs_compiler
def test_sums_over_any_dimensions() -> None:
    check(
        {
            "all": lambda a: a.sum(),
            "mean": lambda a: a.mean() + a.mean((0, 2)),
            **{f"sum {d}": lambda a, d=d: a.sum(d) for d in [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)]},  # type: ignore[misc]
            "kept": lambda a: a - a.mean(1, keepdim=True) - a.amax((0, 2), keepdim=True),
            "extremes": lambda a: a.amax(2) + a.amin(2),
            "norm": lambda a: a.norm() + a.flatten(1).norm(dim=1).sum(),
            "variance": lambda a: a.var((0, 2)) + a.var((0, 2), correction=0) + a.std(1).sum() + torch.var_mean(a, (0, 2))[1],
            "turned": lambda a: a.permute(2, 0, 1).sum((0,)) + a.permute(2, 0, 1).sum(0),
            "softmax": lambda a: a.softmax(-1) + a.log_softmax(1) + a.logsumexp(2, keepdim=True),
            "layer norm": lambda a: F.layer_norm(a, a.shape[1:]) + F.group_norm(a, 3),
            "shares": lambda a: (a > 0).float().mean(0) + (a > 0).sum(0),
            **{f"largest {d}": lambda a, d=d: (100 * a).long().amax(d) for d in [(0,), (2,), (0, 1), (0, 1, 2)]},  # type: ignore[misc]
            **{f"least {d}": lambda a, d=d: (100 * a).int().amin(d) for d in [(0,), (2,), (0, 1), (0, 1, 2)]},  # type: ignore[misc]
            "of bytes and truths": lambda a: (20 + a).to(torch.uint8).amin(1) + (a > -1).amin(1) + (a > 1).amax(1),
            "any, all": lambda a: (a > 1).any(1).float() + (a > -1).all(1).float(),
        },
        numbers(4, 6, 5),
    )  # fmt: skip


@needs_compiler
def test_products_of_matrices_of_any_size_turned_or_not() -> None:
    sizes = [
        (1, 1, 1),
        (3, 2, 5),
        (8, 16, 4),
        (9, 17, 3),
        (64, 10, 8),
        (7, 33, 12),
        (16, 48, 1),
        (5, 1, 9),
        (1, 40, 6),
        (13, 31, 2),
        (33, 20, 7),
    ]
    cases: dict[str, Case] = {}
    for m, n, k in sizes:

        def parts(pool: Tensor, m: int = m, n: int = n, k: int = k) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            return pool[: m * k].view(m, k), pool[: m * k].view(k, m), pool[-k * n :].view(k, n), pool[-k * n :].view(n, k)

        cases[f"{m} {n} {k}"] = lambda pool, parts=parts: parts(pool)[0] @ parts(pool)[2]
        cases[f"{m} {n} {k} turned"] = lambda pool, parts=parts: parts(pool)[1].t() @ parts(pool)[3].t()
    cases["batches"] = lambda pool: pool[:120].view(2, 3, 20) @ pool[:240].view(2, 20, 6)
    cases["vectors"] = lambda pool: pool[:120].view(6, 20) @ pool[:20] + pool[:20] @ pool[:120].view(20, 6)
    cases["linear"] = lambda pool: F.linear(pool[:120].view(6, 20), pool[:140].view(7, 20), pool[:7])
    check(cases, numbers(600), atol=1e-5)


@needs_compiler
def test_convolutions_and_pooling_and_their_gradients() -> None:
    def both(function: Callable[[Tensor, Tensor], Tensor]) -> Case:
        """The function and its gradients."""

        def case(x: Tensor, w: Tensor) -> Tensor:
            value, back = torch.func.vjp(function, x, w)
            return torch.cat([value.flatten(), *(g.flatten() for g in back(value.sin()))])

        return case

    check(
        {
            "plain": both(lambda x, w: F.conv2d(x, w)),
            "padded": both(lambda x, w: F.conv2d(x, w, padding=1)),
            "strided": both(lambda x, w: F.conv2d(x, w, stride=2, padding=(2, 1))),
            "spread": both(lambda x, w: F.conv2d(x, w, dilation=2, padding=2, stride=(1, 3))),
            "line": both(lambda x, w: F.conv1d(x[:, :, 0], w[:, :, 0], padding=1)),
            "biased": both(lambda x, w: F.conv2d(x, w, w.sum((1, 2, 3)))),
            "max": both(lambda x, w: F.max_pool2d(x, 2)),
            "max, overlapping": both(lambda x, w: F.max_pool2d(x, 3, stride=2, padding=1)),
            "average": both(lambda x, w: F.avg_pool2d(x, 2)),
            "average, padded": both(lambda x, w: F.avg_pool2d(x, 3, 2, 1) + F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
            "everything": both(lambda x, w: F.adaptive_avg_pool2d(x, 1)),
        },
        numbers(2, 3, 8, 9), numbers(5, 3, 3, 3, seed=1), atol=3e-5,  # 126 products of up to 4, rounded to 2^-24
    )  # fmt: skip


@needs_compiler
def test_functions_are_good_to_a_few_units_in_the_last_place_over_all_numbers() -> None:
    x = torch.cat(
        [torch.linspace(-100, 100, 40001), 10 ** torch.linspace(-44, 38, 2001), -(10 ** torch.linspace(-44, 38, 2001))]
    )
    exact = x.double()
    ours = native([torch.exp, torch.log, torch.tanh, torch.sigmoid, torch.expm1, torch.log1p], x)
    for mine, theirs in zip(
        ours, [exact.exp(), exact.log(), exact.tanh(), exact.sigmoid(), exact.expm1(), exact.log1p()], strict=True
    ):
        theirs = theirs.float()
        normal = (theirs.abs() > torch.finfo(torch.float32).tiny) | theirs.isnan()
        torch.testing.assert_close(mine[normal], theirs[normal], rtol=1e-6, atol=0, equal_nan=True)
        torch.testing.assert_close(mine[~normal], theirs[~normal], rtol=0, atol=2e-38)


@needs_compiler
def test_what_is_no_number_stays_none() -> None:
    x = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0])
    functions = [
        torch.exp,
        torch.log,
        torch.tanh,
        torch.sigmoid,
        torch.relu,
        torch.abs,
        torch.sum,
        lambda x: torch.maximum(x, x[0]),
    ]
    cases: dict[str, Case] = {str(i): function for i, function in enumerate(functions)}
    check(cases, x)


def test_an_operation_that_has_no_form_here_is_named() -> None:
    with pytest.raises(UnwritableError, match="cumsum"):
        native([lambda a: a.cumsum(0)], numbers(3))


def test_products_too_large_for_it_are_left_to_a_library() -> None:
    for rows, columns in [(1024, 512), (2, 2**15)]:
        with pytest.raises(UnwritableError, match="a product"):
            native([lambda a: a.view(-1, columns) @ a.view(-1, columns).t()], numbers(rows * columns))  # noqa: B023


# --- views -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_views_lie_where_pytorchs_lie(shape: list[int], data: st.DataObject) -> None:
    base = torch.arange(math.prod(shape)).view(shape)
    order = data.draw(st.permutations(range(len(shape))))
    theirs = base.permute(order)
    ours = tree.relaid(tree.leaf("x", torch.int64, shape), tree.permute(order))
    total, sizes = math.prod(shape), []
    while total > 1:
        sizes.append(data.draw(st.sampled_from([n for n in range(1, total + 1) if total % n == 0])))
        total //= sizes[-1]
    target = [*sizes, *([1] if data.draw(st.booleans()) else [])]
    try:
        moved = tree.relaid(ours, tree.reshape(target))
    except tree.NotAViewError:
        with pytest.raises(RuntimeError):
            theirs.view(target)
        return
    assert isinstance(moved, tree.Leaf)
    assert moved.shape == tuple(target)
    assert torch.equal(base.flatten().as_strided(moved.shape, moved.strides, moved.offset), theirs.reshape(target))


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_cutting_and_selecting(rows: int, columns: int, data: st.DataObject) -> None:
    base = torch.arange(rows * columns).view(rows, columns)
    start = data.draw(st.integers(0, rows))
    stop = data.draw(st.integers(start, rows))
    step = data.draw(st.integers(1, 3))
    ours = tree.relaid(tree.leaf("x", torch.int64, base.shape), tree.cut(0, start, stop, step))
    assert isinstance(ours, tree.Leaf)
    assert torch.equal(
        base.flatten().as_strided(ours.shape, ours.strides, ours.offset if ours.shape[0] else 0), base[start:stop:step]
    )
    assume(ours.shape[0])
    one = tree.relaid(ours, tree.select(0, 0))
    assert isinstance(one, tree.Leaf)
    assert torch.equal(base.flatten().as_strided(one.shape, one.strides, one.offset), base[start])


# --- trainings -------------------------------------------------------------------------------------------------------


def arm(seed: int = 0, model: str = "mlp(widths=[8])", data: str = "moons", **settings: Any) -> Arm:
    return prepare(recipe(data, model, seed=seed, **{"epochs": 12, "batch_size": 32, **settings}))


def events(arms: list[Arm], watching: Watching | None = None) -> list[Event]:
    return list(train(arms, watching or Watching(all_probes()), "compiled"))


def told(arms: list[Arm], watching: Watching | None = None) -> list[tuple[Any, ...]]:
    """Everything that came of a training, for comparing bit by bit."""
    (end,) = [event for event in events(arms, watching) if isinstance(event, Finished)]
    return [
        (one.status, one.step, one.history.loss, [(e.step, e.split, e.loss, e.metric) for e in one.history.evaluations],
         [(r.step, r.probe, r.layer, r.value) for r in one.history.readings], one.weights.tolist())
        for one in end.outcomes
    ]  # fmt: skip


@needs_compiler
@pytest.mark.parametrize(
    "model",
    [
        "mlp(widths=[8], dropout=0.3)",
        'mlp(widths=[8, 8], norm="batch", skip="add")',
        'mlp(widths=[8], norm="layer", activation="gelu")',
    ],
)
def test_how_many_steps_one_call_takes_is_not_noticed(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    many = told([arm(model=model)])
    monkeypatch.setattr(train_module, "FIRST", 1)
    monkeypatch.setattr(train_module, "SHORT", 0.0)
    assert repr(told([arm(model=model)])) == repr(many)


@needs_compiler
def test_an_arm_is_the_same_to_the_last_bit_alone_and_among_others() -> None:
    arms = [arm(seed, optimizer=f"adam(lr={rate})") for seed, rate in enumerate([0.1, 0.01, 0.001])]
    together = told(arms, Watching(evaluations=0, test=False))
    for i, one in enumerate(arms):
        (alone,) = told([one], Watching(evaluations=0, test=False))
        assert alone[2] == together[i][2]
        assert alone[-1] == together[i][-1]


@needs_compiler
def test_a_divergence_in_the_midst_of_a_call_is_found_at_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> list[tuple[Any, ...]]:
        wild: dict[str, Any] = {"data": "diabetes", "loss": "mse", "epochs": 20}
        return told(
            [arm(0, optimizer="sgd(lr=20.0)", **wild), arm(1, optimizer="sgd(lr=0.001)", **wild)], Watching(evaluations=1)
        )

    many = run()
    assert [one[0] for one in many] == ["diverged", "finished"]
    monkeypatch.setattr(train_module, "FIRST", 1)
    monkeypatch.setattr(train_module, "SHORT", 0.0)
    assert repr(run()) == repr(many)


@needs_compiler
def test_it_comes_to_what_the_traced_step_comes_to() -> None:
    for one in [arm(), arm(model="lenet5", data="digits(train=64)", epochs=3), arm(data="diabetes", optimizer="rmsprop")]:
        (ours,) = [e.outcomes[0] for e in events([one]) if isinstance(e, Finished)]
        (theirs,) = [e.outcomes[0] for e in train([one], Watching(all_probes()), "traced") if isinstance(e, Finished)]
        torch.testing.assert_close(torch.tensor(ours.history.loss), torch.tensor(theirs.history.loss), rtol=1e-3, atol=1e-4)
        assert len(ours.history.readings) == len(theirs.history.readings)


@needs_compiler
def test_what_cannot_be_written_is_given_to_the_other_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("whynet.engine.population.Native", lambda *_: (_ for _ in ()).throw(UnwritableError("no")))
    monkeypatch.setattr(Inductor, "wait", lambda self: asked.append(self) or None)
    monkeypatch.setattr(Inductor, "ready", lambda self: None)
    Population([arm()], tier="compiled").make_ready(torch.arange(32))
    assert len(asked) == 1


@needs_compiler
def test_a_training_takes_many_steps_with_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    kept = Population.burst
    monkeypatch.setattr(Population, "burst", lambda self, *asked: calls.append(len(asked[1])) or kept(self, *asked))
    told_of = [
        event
        for event in events([arm(epochs=40, batch_size="all")], Watching(evaluations=1))
        if isinstance(event, Stepped | Noticed)
    ]
    assert [event.step for event in told_of if isinstance(event, Stepped)] == list(range(1, 41))
    assert max(calls) > 1


@needs_compiler
def test_machine_code_is_timed_many_steps_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    kept = Population.burst
    monkeypatch.setattr(Population, "burst", lambda self, *asked: calls.append(len(asked[1])) or kept(self, *asked))
    timing = Timing()
    time_steps([arm(epochs=40)], 1, "fast", timing)
    assert calls == [MANY] * (TRIED + 1)
    assert timing.steps[1] > 0
