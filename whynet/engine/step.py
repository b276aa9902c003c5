"""One training step as one pure function.

    loss, weights, buffers, state, readings = step(weights, buffers, state, hyper, lr, count, x, y, uniform, normal)

Forward, loss, gradient, clipping, optimizer update and probes, with nothing modified and nothing drawn inside: everything the step
needs is an argument. That is what lets it be traced once, compiled, or run for a whole population at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.func import grad_and_value

from whynet.engine.network import Buffers, Captured, Network, clone
from whynet.engine.noise import Tape
from whynet.engine.probes.probe import Probe, View
from whynet.engine.varied import bound
from whynet.losses.loss import Loss
from whynet.optimizers.optimizer import Optimizer, State

Step = Callable[..., tuple[Tensor, Tensor, Buffers, State, Tensor]]


def make_step(
    network: Network, loss: Loss, optimizer: Optimizer, clip: Callable[[Tensor], Tensor] | None, probes: Sequence[Probe] = ()
) -> Step:
    """The step of one arm.

    Shapes: weights (P,); x (B, *inputs); y (B,) or (B, n); uniform (U,), normal (N,): the random numbers that the pass draws;
    lr, count and hyper: float64, see `varied`. Readings: (R,), those of the probes one after another.
    """
    looks_inside = any("activations" in probe.needs for probe in probes)

    def step(
        weights: Tensor, buffers: Buffers, state: State, hyper: Mapping[str, Tensor], lr: Tensor, count: Tensor,
        x: Tensor, y: Tensor, uniform: Tensor, normal: Tensor,
    ) -> tuple[Tensor, Tensor, Buffers, State, Tensor]:  # fmt: skip
        own_loss, own_clip = bound(loss, "loss", hyper), bound(clip, "clip", hyper)

        def objective(weights: Tensor) -> tuple[Tensor, tuple[Any, ...]]:
            after = clone(buffers)
            tape = Tape(uniform, normal) if uniform.numel() or normal.numel() else None
            with network.capturing() if looks_inside else nullcontext(Captured()) as captured:
                outputs = network(weights, after, x, tape, hyper.get("rates"))
            return own_loss(outputs, y), (after, captured.layers, captured.activations)

        gradient, (value, (after, layers, activations)) = grad_and_value(objective, has_aux=True)(weights)
        used = own_clip(gradient) if own_clip else gradient
        updated, state = optimizer.update(weights, used, state, {**hyper, "lr": lr}, count)
        view = View(network, weights, gradient, updated, Captured(layers, activations))
        readings = [probe.measure(view) for probe in probes]
        return value, updated, after, state, torch.cat(readings) if readings else value.new_zeros(0)

    return step
