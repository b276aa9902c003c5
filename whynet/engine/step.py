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
from whynet.engine.parallel import Ranks, SharedStatistics
from whynet.engine.probes.probe import Probe, View
from whynet.engine.varied import bound
from whynet.losses.loss import Loss
from whynet.optimizers.optimizer import Optimizer, State

Step = Callable[..., tuple[Tensor, Tensor, Buffers, State, Tensor]]


def make_step(
    network: Network, loss: Loss, optimizer: Optimizer, clip: Callable[[Tensor], Tensor] | None, probes: Sequence[Probe] = (),
    here: Ranks | None = None, shapes: Sequence[tuple[int, ...]] = (),
) -> Step:  # fmt: skip
    """The step of one arm.

    Shapes: weights (P,); x (B, *inputs); y (B,) or (B, n); uniform (U,), normal (N,): the random numbers that the pass draws;
    lr, count and hyper: float64, see `varied`. Readings: (R,), those of the probes one after another.

    here: the processes that share a batch, each of which is given all of it; shapes: of the random numbers of a pass over all of it.
    What is read of activations is then the mean over processes of what each saw in its rows.
    """
    looks_inside = any("activations" in probe.needs for probe in probes)

    def step(
        weights: Tensor, buffers: Buffers, state: State, hyper: Mapping[str, Tensor], lr: Tensor, count: Tensor,
        x: Tensor, y: Tensor, uniform: Tensor, normal: Tensor,
    ) -> tuple[Tensor, Tensor, Buffers, State, Tensor]:  # fmt: skip
        whole, rows = len(x), here.rows(len(x)) if here else None
        if here and rows:
            x, y = x[rows.start : rows.stop], y[rows.start : rows.stop]
        share = len(x) / here.counted(whole) if here else 1.0
        own_loss, own_clip = bound(loss, "loss", hyper), bound(clip, "clip", hyper)

        def objective(weights: Tensor) -> tuple[Tensor, tuple[Any, ...]]:
            after = clone(buffers)
            tape = Tape(uniform, normal) if uniform.numel() or normal.numel() else None
            if tape and rows:
                tape.rows, tape.shapes = rows, list(shapes)
            normalised = SharedStatistics(here, whole) if here else nullcontext()
            with network.capturing() if looks_inside else nullcontext(Captured()) as captured, normalised:
                outputs = network(weights, after, x, tape, hyper.get("rates"))
            value = own_loss(outputs, y)
            return value * share if here else value, (after, captured.layers, captured.activations)

        gradient, (value, (after, layers, activations)) = grad_and_value(objective, has_aux=True)(weights)
        if here:
            summed = here.sum(torch.cat([gradient, value.reshape(1)]))
            gradient, value = summed[:-1], summed[-1]
        used = own_clip(gradient) if own_clip else gradient
        updated, state = optimizer.update(weights, used, state, {**hyper, "lr": lr}, count)
        if "factors" in hyper:  # every rule's step is proportional to its learning rate, and its state does not depend on it
            updated = torch.lerp(weights, updated, hyper["factors"])
        view = View(network, weights, gradient, updated, Captured(layers, activations))
        readings = [probe.measure(view) for probe in probes]
        read = torch.cat(readings) if readings else value.new_zeros(0)
        return value, updated, after, state, here.sum(read * share) if here and readings else read

    return step
