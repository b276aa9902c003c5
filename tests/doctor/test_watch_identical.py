"""A watched loop is the same loop: weights, optimizer state, random state, hooks and flags, to the last bit."""

from __future__ import annotations

import contextlib
import copy
import io
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules import module as torch_module
from torch.optim import optimizer as torch_optimizer

import whynet

Loop = Callable[[bool], dict[str, object]]


def points() -> tuple[Tensor, Tensor]:
    made = torch.Generator().manual_seed(0)
    x = torch.randn(96, 1, 8, 8, generator=made)
    return x, (x.mean(dim=(1, 2, 3)) > 0).long()


def convolutions() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Flatten(), nn.Linear(144, 16), nn.GELU(), nn.Linear(16, 2)
    )  # fmt: skip


def attention() -> nn.Module:
    layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
    return nn.Sequential(nn.Flatten(2), nn.Linear(64, 16), layer, nn.Flatten(), nn.Linear(16, 2))


def sparse() -> nn.Module:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.answer = nn.EmbeddingBag(50, 8, sparse=True), nn.Linear(8, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.answer(self.words((x.flatten(1).abs() * 10).long().clamp(max=49)))

    return Words()


def everything(model: nn.Module, *optimizers: torch.optim.Optimizer) -> bytes:
    """All that training leaves behind, as bytes."""
    kept = io.BytesIO()
    states = [optimizer.state_dict() for optimizer in optimizers]
    gradients = [None if p.grad is None else p.grad for p in model.parameters()]
    flags = [(p.requires_grad, p._backward_hooks) for p in model.parameters()]
    modules = [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()]
    torch.save((model.state_dict(), states, gradients, flags, modules, torch.get_rng_state()), kept)
    return kept.getvalue()


def plain(make: Callable[[], nn.Module], rule: Callable[..., torch.optim.Optimizer], watched: bool, **how: bool) -> bytes:
    torch.manual_seed(0)
    model, (x, y) = make(), points()
    optimizer = rule(model.parameters())
    scaler = torch.amp.GradScaler("cpu", enabled=True)

    def train() -> None:
        for epoch in range(4):
            model.train()
            for i, part in enumerate(torch.randperm(len(x)).split(16)):
                if not how.get("accumulate") or i % 3 == 0:
                    optimizer.zero_grad(set_to_none=not how.get("zeros"))

                def closure(part: Tensor = part) -> Tensor:
                    optimizer.zero_grad()
                    loss = F.cross_entropy(model(x[part]), y[part])
                    loss.backward()
                    return loss

                if how.get("closure"):
                    optimizer.step(closure)
                    continue
                with torch.autocast("cpu", torch.bfloat16, enabled=how.get("amp", False)):
                    out = model(x[part])
                    loss = F.cross_entropy(out.float(), y[part])
                if how.get("scaled"):
                    scaler.scale(loss).backward()
                    scaler.unscale_(optimizer)
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    scaler.step(optimizer)
                    scaler.update()
                    continue
                loss.backward()
                if not how.get("accumulate") or i % 3 == 2:
                    optimizer.step()
            if epoch % 2:
                model.eval()
                with torch.no_grad():
                    (model(x).argmax(1) == y).float().mean().item()

    if watched:
        with whynet.watch(model, optimizer) as w:
            train()
        assert w.diagnosis.steps > 0
        assert not w.diagnosis.not_checked
    else:
        train()
    return everything(model, optimizer)


RULES: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "sgd maximize": lambda p: torch.optim.SGD(p, lr=0.01, maximize=True),
    "adam": lambda p: torch.optim.Adam(p, amsgrad=True),
    "adamw one by one": lambda p: torch.optim.AdamW(p, foreach=False),
    "adamw fused": lambda p: torch.optim.AdamW(p, fused=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, centered=True),
    "adagrad": torch.optim.Adagrad,
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule(rule: Callable[..., torch.optim.Optimizer]) -> None:
    assert plain(convolutions, rule, True) == plain(convolutions, rule, False)


@pytest.mark.parametrize("how", ["accumulate", "zeros", "amp", "scaled"])
def test_every_manner_of_loop(how: str) -> None:
    assert plain(convolutions, torch.optim.Adam, True, **{how: True}) == plain(
        convolutions, torch.optim.Adam, False, **{how: True}
    )


def test_a_closure() -> None:
    rule = lambda p: torch.optim.LBFGS(p, lr=0.5, max_iter=4)  # noqa: E731
    assert plain(convolutions, rule, True, closure=True) == plain(convolutions, rule, False, closure=True)


def test_attention_and_sparse_gradients() -> None:
    assert plain(attention, torch.optim.Adam, True) == plain(attention, torch.optim.Adam, False)
    rule = lambda p: torch.optim.SGD(p, lr=0.1)  # noqa: E731
    assert plain(sparse, rule, True) == plain(sparse, rule, False)


def test_a_closure_that_runs_once() -> None:
    """Lightning hands every optimizer one."""
    rule = lambda p: torch.optim.AdamW(p, lr=0.01)  # noqa: E731
    assert plain(convolutions, rule, True, closure=True) == plain(convolutions, rule, False, closure=True)


def own_loss(watched: bool, lr: float) -> tuple[bytes, object]:
    """A model that computes its loss itself, with dropout, at a rate that has the trial run at the end or not."""

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = convolutions()

        def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
            out = self.net(x)
            return {"loss": F.cross_entropy(out, labels), "logits": out}

    torch.manual_seed(0)
    model, (x, y) = Own(), points()
    optimizer = torch.optim.Adam(model.parameters(), lr)
    w = whynet.watch(model, optimizer, 60.0)
    with w if watched else contextlib.nullcontext():
        for _ in range(3):
            for part in torch.randperm(len(x)).split(16):
                optimizer.zero_grad()
                model(x=x[part], labels=y[part])["loss"].backward()
                optimizer.step()
    streams = repr((random.getstate(), np.random.get_state()))
    return everything(model, optimizer) + streams.encode(), w.diagnosis.trial


@pytest.mark.parametrize("lr", [0.001, 300.0])
def test_a_loss_of_the_models_own_and_a_trial_at_the_end(lr: float) -> None:
    same, tried = own_loss(True, lr)
    assert same == own_loss(False, lr)[0]
    assert (tried is not None) == (lr == 300.0)


def adversaries(watched: bool) -> tuple[bytes, list[str]]:
    """A GAN: two models, two optimizers, each passing gradients through the other."""
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))
    judge = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
    of_maker, of_judge = torch.optim.Adam(maker.parameters(), 1e-3), torch.optim.Adam(judge.parameters(), 1e-3)
    cost, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(32, 1), torch.zeros(32, 1)

    def train() -> None:
        for _ in range(20):
            judge.zero_grad()
            cost(judge(torch.randn(32, 2)), ones).backward()
            made = maker(torch.randn(32, 4))
            cost(judge(made.detach()), zeros).backward()
            of_judge.step()
            maker.zero_grad()
            cost(judge(made), ones).backward()
            of_maker.step()

    found: list[str] = []
    if watched:
        with whynet.watch(maker, of_maker) as m, whynet.watch(judge, of_judge) as j:
            train()
        for w in (m, j):
            found += [one.cause.name for one in [*w.diagnosis.confirmed, *w.diagnosis.suspected]]
    else:
        train()
    return everything(maker, of_maker) + everything(judge, of_judge), found


def test_two_models_that_train_each_other() -> None:
    same, found = adversaries(True)
    assert same == adversaries(False)[0]
    assert found == []


def registered() -> list[int]:
    return [
        len(torch_module._global_forward_hooks), len(torch_module._global_forward_pre_hooks),
        len(torch_optimizer._global_optimizer_pre_hooks), len(torch_optimizer._global_optimizer_post_hooks),
        len(torch.overrides._get_current_function_mode_stack()),
    ]  # fmt: skip


@pytest.mark.parametrize("error", [None, ValueError("own"), KeyboardInterrupt()], ids=["end", "error", "interrupt"])
def test_nothing_stays_behind_however_it_ends(error: BaseException | None) -> None:
    before = registered()
    model = convolutions()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    attributes = set(vars(model)), set(vars(optimizer))
    x, y = points()
    ends = pytest.raises(type(error)) if error else contextlib.nullcontext()
    with ends, whynet.watch(model, optimizer) as w:
        for step in range(12):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            if error and step == 9:
                raise error
    assert registered() == before
    assert (set(vars(model)), set(vars(optimizer))) == attributes
    assert all(p._backward_hooks is None for p in model.parameters())
    assert w.diagnosis.steps == (10 if error else 12)
    assert bool(w.diagnosis.ended_by) == bool(error)


def test_a_copy_made_inside_is_a_plain_copy() -> None:
    """The best model so far is kept by deepcopy or torch.save, in most loops."""
    model, (x, y) = convolutions(), points()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with whynet.watch(model, optimizer) as w:
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            best = copy.deepcopy(model)
            torch.save((model, optimizer), io.BytesIO())
        best(x)
    assert w.diagnosis.steps == 3
    assert all(p._backward_hooks is None for p in best.parameters())


def test_a_users_own_mode_and_hooks_stay() -> None:
    model, (x, y) = convolutions(), points()
    heard: list[int] = []
    model.register_forward_hook(lambda *_: heard.append(1))
    parameter = next(model.parameters())
    handle = parameter.register_hook(lambda g: g * 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with whynet.watch(model, optimizer):
        for _ in range(3):
            with torch.device("cpu"):
                loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    assert len(heard) == 3
    assert parameter._backward_hooks is not None
    assert list(parameter._backward_hooks) == [handle.id]
