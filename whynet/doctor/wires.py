"""Wiring faults of a user's own objects that show without a loop: one forward and backward pass on copies."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import whynet.doctor.wiring  # noqa: F401  makes the faults known
from whynet.doctor.cause import Suspicion
from whynet.doctor.fault import Fault
from whynet.doctor.listening import Listening
from whynet.doctor.loop import Loop, loop_of, quiet_copy


def faults() -> list[Fault]:
    """Every wiring fault, sorted by name."""
    return sorted((one() for one in Fault.__subclasses__()), key=lambda fault: fault.name)


def suspicions_of(loop: Loop) -> list[Suspicion]:
    """What every fault makes of a loop, strongest first. A fault that cannot look says nothing, and the loop's troubles say why."""
    found = []
    for fault in faults():
        if fault.needs_steps and not loop.steps:
            found.append(fault.nothing())
            continue
        try:
            found.append(fault.notice(loop))
        except Exception as error:  # copies of the user's model run here, and that may raise anything
            loop.troubles.append(f"{fault.name}: {type(error).__name__}: {error}")
            found.append(fault.nothing())
    return sorted(found, key=lambda one: -one.strength)


def wiring_of(
    module: nn.Module,
    loss_fn: Callable[[Any, Tensor], Tensor],
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None,
    x: Tensor,
    y: Tensor,
) -> list[Suspicion]:
    """The wiring faults of a model, its loss and its optimizer on one batch, strongest first; those that need a loop say nothing.

    A suspicion of strength 1 is proved: what was seen leaves no other explanation. Nothing given is modified, and no random number of
    the user's is drawn.
    """
    optimizers = [] if optimizer is None else [optimizer] if isinstance(optimizer, torch.optim.Optimizer) else list(optimizer)
    loop = loop_of(module, optimizers)
    if not optimizers:
        loop.held = set(loop.trainable)
    loop.module = quiet_copy(module)
    with left_alone(module), torch.enable_grad():
        loop.module.train()
        listening = Listening(loop)
        listening.start()
        try:
            loss = loss_fn(loop.module(x), y)
            loss.mean().backward()
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            loop.error = error
        finally:
            listening.stop()
        loop.graded = {name for name, p in loop.module.named_parameters() if p.grad is not None}
        loop.watched_grades = 1
        return suspicions_of(loop)


@contextlib.contextmanager
def left_alone(module: nn.Module) -> Iterator[None]:
    """Random numbers drawn inside leave the streams outside where they were; warnings of a second look are not repeated."""
    devices = sorted({p.device.index or 0 for p in module.parameters() if p.device.type == "cuda"})
    plain, arrays = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=devices), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(plain)
        np.random.set_state(arrays)
