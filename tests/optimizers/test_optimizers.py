"""Each update rule against torch.optim over 20 steps, against a slow twin, stacked against a loop, and traced."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx

import whynet.optimizers  # noqa: F401
from whynet.errors import OptionError
from whynet.optimizers.optimizer import Optimizer, State
from whynet.optimizers.sgd import SGD
from whynet.registry import infos, make, names

P, STEPS = 7, 20

# spec, torch's counterpart
CASES: list[tuple[str, Callable[[list[Tensor]], torch.optim.Optimizer]]] = [
    ("sgd(lr=0.05)", lambda p: torch.optim.SGD(p, 0.05)),
    ("sgd(lr=0.05, weight_decay=0.1)", lambda p: torch.optim.SGD(p, 0.05, weight_decay=0.1)),
    ("sgd(lr=0.05, momentum=0.9)", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9)),
    ("sgd(lr=0.05, momentum=0.0)", lambda p: torch.optim.SGD(p, 0.05)),
    ("sgd(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1)",
     lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.1)),
    ("adagrad(lr=0.1)", lambda p: torch.optim.Adagrad(p, 0.1)),
    ("adagrad(lr=0.1, eps=0.01, weight_decay=0.1)", lambda p: torch.optim.Adagrad(p, 0.1, eps=0.01, weight_decay=0.1)),
    ("adadelta", lambda p: torch.optim.Adadelta(p)),
    ("adadelta(lr=0.5, rho=0.8, eps=0.001, weight_decay=0.1)",
     lambda p: torch.optim.Adadelta(p, 0.5, rho=0.8, eps=1e-3, weight_decay=0.1)),
    ("rmsprop(lr=0.01)", lambda p: torch.optim.RMSprop(p, 0.01)),
    ("rmsprop(lr=0.01, alpha=0.9, momentum=0.9, centered=True, weight_decay=0.1)",
     lambda p: torch.optim.RMSprop(p, 0.01, alpha=0.9, momentum=0.9, centered=True, weight_decay=0.1)),
    ("rmsprop(lr=0.01, centered=True, eps=0.001)", lambda p: torch.optim.RMSprop(p, 0.01, centered=True, eps=1e-3)),
    ("adam(lr=0.01)", lambda p: torch.optim.Adam(p, 0.01)),
    ("adam(lr=0.01, beta1=0.8, beta2=0.95, eps=0.001, weight_decay=0.1)",
     lambda p: torch.optim.Adam(p, 0.01, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    ("adamw(lr=0.01)", lambda p: torch.optim.AdamW(p, 0.01)),
    ("adamw(lr=0.01, beta1=0.8, weight_decay=0.3)", lambda p: torch.optim.AdamW(p, 0.01, betas=(0.8, 0.999), weight_decay=0.3)),
]  # fmt: skip
every_case = pytest.mark.parametrize(("spec", "theirs"), CASES, ids=[spec for spec, _ in CASES])


def first_weights() -> Tensor:
    return torch.randn(P, generator=torch.Generator().manual_seed(0))


def valley(w: Tensor) -> Tensor:
    """A curved loss, steep in some directions and flat in others, whose gradient changes sign on the way."""
    steep = torch.logspace(-1, 1, P, dtype=w.dtype)
    return (steep * w**2).sum() / 2 + (w[:-1] * w[1:]).sin().sum()


def as_tensors(hyper: Mapping[str, float]) -> dict[str, Tensor]:
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in hyper.items()}


def counted(t: int) -> Tensor:
    return torch.tensor(t, dtype=torch.float64)


def path(optimizer: Optimizer, w: Tensor, hyper: dict[str, Tensor] | None = None, steps: int = STEPS) -> Tensor:
    """The weights after each step, (steps, P)."""
    state, hyper, visited = optimizer.start(w), hyper or as_tensors(optimizer.hyper), []
    for t in range(1, steps + 1):
        w, state = optimizer.update(w, grad(valley)(w), state, hyper, counted(t))
        visited.append(w)
    return torch.stack(visited)


@every_case
def test_equals_torch(spec: str, theirs: Callable[[list[Tensor]], torch.optim.Optimizer]) -> None:
    w = torch.nn.Parameter(first_weights())
    rule, visited = theirs([w]), []
    for _ in range(STEPS):
        rule.zero_grad()
        valley(w).backward()
        rule.step()
        visited.append(w.detach().clone())
    mine = path(make("optimizer", spec), first_weights())
    assert mine.dtype == torch.float32
    torch.testing.assert_close(mine, torch.stack(visited), atol=1e-6, rtol=1e-6)


@every_case
def test_modifies_nothing_and_keeps_its_state(spec: str, theirs: object) -> None:
    optimizer: Optimizer = make("optimizer", spec)
    w, g = first_weights(), first_weights().flip(0)
    state, hyper = optimizer.start(w), as_tensors(optimizer.hyper)
    before = [t.clone() for t in (w, g, *state.values(), *hyper.values())]
    updated, after = optimizer.update(w, g, state, hyper, counted(1))
    assert all(torch.equal(a, b) for a, b in zip(before, (w, g, *state.values(), *hyper.values()), strict=True))
    assert not torch.equal(updated, w)
    assert list(after) == list(state)
    assert all(value.shape == w.shape and value.dtype == w.dtype for value in after.values())


@every_case
def test_stacked_arms_with_their_own_hyper_parameters_equal_a_loop(spec: str, theirs: object) -> None:
    optimizer: Optimizer = make("optimizer", spec)
    scales = torch.tensor([1.0, 0.5, 0.1], dtype=torch.float64)  # (A,)
    hyper = {name: value * scales for name, value in as_tensors(optimizer.hyper).items()}
    w = torch.stack([first_weights(), -first_weights(), first_weights().flip(0)])  # (A, P)
    loop = torch.stack([path(optimizer, w[a], {name: value[a] for name, value in hyper.items()}) for a in range(3)])
    stacked = vmap(lambda w, hyper: path(optimizer, w, hyper))(w, hyper)
    assert stacked.dtype == torch.float32
    torch.testing.assert_close(stacked, loop, atol=1e-6, rtol=1e-6)


@every_case
@pytest.mark.parametrize("arms", [0, 3])
def test_traced_equals_untraced(spec: str, theirs: object, arms: int) -> None:
    optimizer: Optimizer = make("optimizer", spec)

    def one(w: Tensor, state: State, hyper: dict[str, Tensor], step: Tensor) -> tuple[Tensor, State]:
        return optimizer.update(w, grad(valley)(w), state, hyper, step)

    w, hyper = first_weights(), as_tensors(optimizer.hyper)
    if arms:
        w, hyper = torch.stack([w, -w, w.flip(0)]), {name: value.expand(arms).clone() for name, value in hyper.items()}
    state = optimizer.start(w)
    step = vmap(one, in_dims=(0, 0, 0, None)) if arms else one
    graph = make_fx(step)(w, state, hyper, counted(1))
    traced, plain = (w, state), (w, state)
    for t in range(1, 4):
        traced, plain = graph(*traced, hyper, counted(t)), step(*plain, hyper, counted(t))
    torch.testing.assert_close(traced, plain)


@every_case
def test_step_of_rate_zero_stands_still(spec: str, theirs: object) -> None:
    """A schedule may end at zero, and some weights never have a gradient: nothing may become NaN."""
    optimizer: Optimizer = make("optimizer", spec)
    w, hyper = first_weights(), as_tensors(optimizer.hyper) | {"lr": counted(0)}
    updated, _ = optimizer.update(w, torch.zeros(P), optimizer.start(w), hyper, counted(1))
    torch.testing.assert_close(updated, w, atol=0, rtol=0)


def test_momenta_stack_with_none_at_all() -> None:
    w, momenta = first_weights(), torch.tensor([0.0, 0.9], dtype=torch.float64)
    arm = SGD(lr=0.05, momentum=0.0)
    stacked = vmap(lambda momentum: path(arm, w, as_tensors(arm.hyper) | {"momentum": momentum}))(momenta)
    torch.testing.assert_close(stacked[0], path(SGD(lr=0.05), w))
    torch.testing.assert_close(stacked[1], path(SGD(lr=0.05, momentum=0.9), w))
    assert SGD().start(w) == {}


def test_centered_survives_a_constant_gradient() -> None:
    """s - m² is zero up to rounding there, which may fall below zero; torch's own RMSprop then gives NaN."""
    optimizer = make("optimizer", "rmsprop(centered=True, alpha=0.5)")
    w, g = torch.zeros(200), torch.logspace(-3, 3, 200)
    state, hyper = optimizer.start(w), as_tensors(optimizer.hyper)
    for t in range(1, 60):
        w, state = optimizer.update(w, g, state, hyper, counted(t))
    assert w.isfinite().all()


# --- slow twins: one weight at a time, in plain Python -----------------------------------------------------------------


def twin_sgd(w: float, gradients: list[float], lr: float, momentum: float) -> float:
    v = 0.0
    for g in gradients:
        v = momentum * v + g
        w -= lr * v
    return w


def twin_adam(w: float, gradients: list[float], lr: float, beta1: float, beta2: float, eps: float, decay: float) -> float:
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        w -= lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps) + lr * decay * w
    return w


@pytest.mark.parametrize(
    ("spec", "twin"),
    [
        ("sgd(lr=0.1, momentum=0.8)", lambda w, g: twin_sgd(w, g, 0.1, 0.8)),
        ("adam(lr=0.1, beta1=0.7, beta2=0.9)", lambda w, g: twin_adam(w, g, 0.1, 0.7, 0.9, 1e-8, 0)),
        ("adamw(lr=0.1, beta1=0.7, beta2=0.9, weight_decay=0.2)", lambda w, g: twin_adam(w, g, 0.1, 0.7, 0.9, 1e-8, 0.2)),
    ],
)
def test_equals_the_formula_in_float64(spec: str, twin: Callable[[float, list[float]], float]) -> None:
    gradients = torch.randn(STEPS, P, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    optimizer: Optimizer = make("optimizer", spec)
    w = first_weights().double()
    slow = [twin(w[i].item(), gradients[:, i].tolist()) for i in range(P)]
    state = optimizer.start(w)
    for t, g in enumerate(gradients, 1):
        w, state = optimizer.update(w, g, state, as_tensors(optimizer.hyper), counted(t))
    assert w.tolist() == pytest.approx(slow, rel=1e-12)


# --- options -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names("optimizer"))
@pytest.mark.parametrize("lr", [-0.1, 0, math.nan, "fast"])
def test_a_rate_that_is_not_above_zero_is_refused(name: str, lr: Any) -> None:
    rule = next(info.make for info in infos("optimizer") if info.name == name)
    with pytest.raises(OptionError, match=rf"{name}: lr: expected a number.*Received: ") as refusal:
        rule(lr=lr)
    assert "받은 것" in refusal.value.message.show("ko")


def test_whole_numbers_are_hyper_parameters_too() -> None:
    assert SGD(lr=1, momentum=0).hyper == {"lr": 1.0, "momentum": 0.0}
    assert SGD(lr=1).hyper == {"lr": 1.0}


def test_nesterov_needs_a_momentum() -> None:
    with pytest.raises(OptionError, match="needs one"):
        make("optimizer", "sgd(nesterov=True)")


# --- the contract over everything registered -----------------------------------------------------------------------------


@pytest.mark.parametrize("info", infos("optimizer"), ids=names("optimizer"))
def test_says_what_it_is(info: Any) -> None:
    assert "``" in info.make.__doc__.splitlines()[0], "the docstring begins with a formula"
    assert "Why it works" in info.make.__doc__
    assert info.idea.en != info.idea.ko
    assert info.year
    assert info.source


def test_every_optimizer_has_a_reference() -> None:
    assert {spec.partition("(")[0] for spec, _ in CASES} == set(names("optimizer"))
