"""Runs a watched loop again, on copies, from the weights it started with and on the batches that were recorded of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from whynet.doctor.inputs_seen import InputsSeen
from whynet.doctor.loop import Loop, quiet_copy
from whynet.doctor.recording import Recorded, Setting
from whynet.doctor.tracing import tensors


@dataclass(frozen=True)
class Manner:
    """How a loop trains, as far as a replay can do it otherwise."""

    clears: bool = True  # the gradient, before each backward pass
    training: bool | None = None  # mode; None: every module in the mode it was seen in
    ordered: bool = False  # batches come in the order they were recorded in, in place of a new one in each pass
    shuffled: bool = False  # batches are drawn anew from all recorded examples
    sign: float = 1.0  # of the loss that is sent back
    averaged: bool = False  # a loss that sums over the batch is divided by its size
    rate: float = 1.0  # times the rate of each optimizer
    everything: bool = False  # the optimizer holds every parameter that learns
    thawed: bool = False  # every parameter learns
    standardised: bool = False  # what reaches the first layer has mean 0 and spread 1 in every feature


def manner_of(loop: Loop) -> Manner:
    """How the loop itself trained."""
    flipped = sum(one.flipped for one in loop.recorder.batches)
    return Manner(
        clears=2 * loop.carried < max(1, loop.checked),
        sign=-1.0 if 2 * flipped > len(loop.recorder.batches) else 1.0,
    )


def replay(loop: Loop, manner: Manner, seed: int, steps: int, until: float = math.inf) -> tuple[float, float]:
    """Train a copy in a manner for so many steps; mean loss over the recorded batches in evaluation mode, before and after.

    until: the time of ``time.perf_counter`` by which it must have ended. Raises `TimeoutError` there.
    """
    torch.manual_seed(seed)
    module = beginning(loop)
    if manner.thawed:
        module.requires_grad_(True)
    if manner.standardised and loop.inputs is not None:
        _standardise(module.get_submodule(loop.inputs.layer), loop.inputs)
    optimizers = [made for one in loop.recorder.settings for made in _optimizers(one, module, manner)]
    before = judged(loop, module, loop.recorder.batches)
    _set_modes(loop, module, manner)
    for one in _stream(loop.recorder.batches, manner, np.random.default_rng(seed), steps):
        if time.perf_counter() > until:
            raise TimeoutError
        if manner.clears:
            module.zero_grad()
        loss = manner.sign * loss_of(loop, module, one)
        if manner.averaged:
            loss = loss / max(1, examples(one))
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
    return before, judged(loop, module, loop.recorder.batches)


def _standardise(layer: nn.Module, seen: InputsSeen) -> None:
    """Puts what reaches a layer of a copy on one scale; features that never vary are only centred."""
    weight = next(layer.parameters())
    spread = torch.where(seen.spread > 0, seen.spread, 1.0)
    mean, spread = seen.mean.to(weight.device, weight.dtype), spread.to(weight.device, weight.dtype)
    layer.register_forward_pre_hook(lambda _, args: ((args[0] - mean) / spread, *args[1:]))


def beginning(loop: Loop) -> nn.Module:
    """A copy of the model with the weights and buffers it had before the first step, and no gradient."""
    module = quiet_copy(loop.module)
    held = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    with torch.no_grad():
        for name, value in loop.recorder.start.items():
            held[name].copy_(value)
    for parameter in module.parameters():
        parameter.grad = None
    return module


def judged(loop: Loop, module: nn.Module, batches: Sequence[Recorded], training: bool = False) -> float:
    """The mean loss over batches; infinite where it is no number."""
    module.train(training)
    with torch.no_grad():
        losses = [float(loss_of(loop, module, one)) for one in batches]
    mean = sum(losses) / len(losses)
    return mean if math.isfinite(mean) else math.inf


def loss_of(loop: Loop, module: nn.Module, one: Recorded) -> Tensor:
    """The loss of a recorded batch under a copy."""
    path = next((name for name, child in loop.module.named_modules() if child is one.part), "")
    outputs = list(tensors(module.get_submodule(path)(*one.args, **one.kwargs)))
    made = outputs[one.output]
    if one.loss is None:
        return made
    loss: Tensor = one.loss(made.reshape(-1, *one.shape[1:]), *one.given, **one.named)
    return loss


def examples(one: Recorded) -> int:
    """How many examples a batch holds."""
    first = next(tensors([one.args, dict(one.kwargs)]), None)
    return len(first) if first is not None and first.ndim else 1


# --- the batches ------------------------------------------------------------------------------------------------------


def _stream(batches: Sequence[Recorded], manner: Manner, draws: np.random.Generator, steps: int) -> Iterator[Recorded]:
    """So many batches: pass after pass, in a new order or the recorded one, or made anew of all examples."""
    made = 0
    began = int(draws.integers(len(batches)))
    while True:
        order = draws.permutation(len(batches))
        if manner.shuffled:
            turn = _dealt(batches, draws)
        elif manner.ordered:
            turn = [batches[(began + i) % len(batches)] for i in range(len(batches))]
        else:
            turn = [batches[i] for i in order]
        for one in turn:
            if made == steps:
                return
            made += 1
            yield one


def poolable(batches: Sequence[Recorded]) -> bool:
    """Whether examples of different batches can stand in one: everything that belongs to an example has it in its first axis."""

    def kind(one: Recorded) -> Any:
        n = examples(one)
        answer = one.given[0] if one.given else one.named.get("target")
        fits = one.loss is None or (isinstance(answer, Tensor) and answer.ndim > 0 and len(answer) == n == one.shape[0])
        shapes = [tuple(t.shape[1:]) for t in tensors([one.args, dict(one.kwargs), answer]) if t.ndim and len(t) == n]
        return fits, shapes, one.part, one.loss

    first = kind(batches[0])
    return bool(first[0]) and all(kind(one) == first for one in batches)


def _dealt(batches: Sequence[Recorded], draws: np.random.Generator) -> list[Recorded]:
    """The same numbers of examples in each batch, drawn from all."""
    sizes = [examples(one) for one in batches]
    order = torch.from_numpy(draws.permutation(sum(sizes)))
    first = batches[0]
    args = tuple(_pooled([b.args[i] for b in batches], sizes) for i in range(len(first.args)))
    kwargs = {key: _pooled([b.kwargs[key] for b in batches], sizes) for key in first.kwargs}
    given = tuple(_pooled([b.given[i] for b in batches], sizes) if i == 0 else first.given[i] for i in range(len(first.given)))
    named = {
        key: _pooled([b.named[key] for b in batches], sizes) if key == "target" else first.named[key] for key in first.named
    }
    dealt = []
    for part in order.split(sizes):
        mine = [tuple(_taken(value, part) for value in values) for values in (args, given)]
        by_name = [{key: _taken(value, part) for key, value in values.items()} for values in (kwargs, named)]
        dealt.append(replace(first, args=mine[0], given=mine[1], kwargs=by_name[0], named=by_name[1]))
    return dealt


@dataclass(frozen=True)
class _Pool:
    """One tensor of all batches together."""

    values: Tensor


def _taken(value: Any, part: Tensor) -> Any:
    return value.values[part.to(value.values.device)] if isinstance(value, _Pool) else value


def _pooled(values: Sequence[Any], sizes: Sequence[int]) -> Any:
    belongs = all(isinstance(v, Tensor) and v.ndim and len(v) == n for v, n in zip(values, sizes, strict=True))
    return _Pool(torch.cat(list(values))) if belongs else values[0]


# --- the optimizer and the modes ---------------------------------------------------------------------------------------


def _optimizers(setting: Setting, module: nn.Module, manner: Manner) -> Iterator[torch.optim.Optimizer]:
    """Another like the user's, on the copy's parameters; none where it holds nothing of the model."""
    held = dict(module.named_parameters())
    groups = [(list(names), dict(options)) for names, options in setting.groups]
    if manner.everything:
        mine = {name for names, _ in groups for name in names}
        groups[0][0].extend(name for name, p in held.items() if name not in mine and p.requires_grad)
    made = [{"params": [held[name] for name in names], **_faster(options, manner)} for names, options in groups if names]
    if made:
        first: Mapping[str, Any] = {key: value for key, value in made[0].items() if key != "params"}
        yield setting.kind(made, **first)


def _faster(options: dict[str, Any], manner: Manner) -> dict[str, Any]:
    if "lr" in options:
        options["lr"] = options["lr"] * manner.rate
    return options


def _set_modes(loop: Loop, module: nn.Module, manner: Manner) -> None:
    if manner.training is not None:
        module.train(manner.training)
        return
    for name, child in module.named_modules():
        child.training = loop.recorder.flags.get(name, child.training)
