"""How strong the signal is in every layer on its way forward, and the gradient on its way back, before anything was learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import Matrix
from whynet.doctor.facts.sample import sample
from whynet.doctor.remembered import remembered
from whynet.engine.network import clone


@dataclass(frozen=True)
class Signal:
    """One linear or convolution layer, in the order in which they run.

    forward: spread of its answers between examples, √ of the mean variance over units. backward: length of ∂L/∂z over the examples
    and units. alike: ‖mean z‖² / mean ‖z‖², 1 where all examples look the same.
    """

    layer: str
    forward: float
    backward: float
    alike: float


@remembered
def first_signals(seen: Examination) -> list[Signal]:
    """Of the untrained network on a sample of the training examples, with batch statistics and without dropout."""
    network, (x, y) = seen.fitted.arm.network, sample(seen)
    outputs: list[tuple[str, Tensor]] = []

    def keep(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and output.requires_grad:
                output.retain_grad()
                outputs.append((name, output))

        return hook

    layers = [(name, child) for name, child in network.module.named_modules() if isinstance(child, Matrix)]
    handles = [child.register_forward_hook(keep(name)) for name, child in layers]
    network.eval()
    for child in network.module.modules():
        if isinstance(child, _NormBase) and len(x) > 1:
            child.train()
    try:
        with torch.enable_grad():
            loss = seen.fitted.loss(network(network.initial.clone().requires_grad_(), clone(network.buffers), x), y)
            if loss.requires_grad and bool(loss.isfinite()):
                loss.backward()
    finally:
        network.eval()
        for handle in handles:
            handle.remove()
    return [_signal(name, output) for name, output in outputs]


def _signal(layer: str, output: Tensor) -> Signal:
    z = output.detach().flatten(1).double()  # (N, units)
    whole = float(z.square().sum(1).mean())
    forward = float(z.var(0, correction=0).mean().sqrt())
    backward = float(output.grad.double().norm()) if output.grad is not None else 0.0
    return Signal(layer, forward, backward, float(z.mean(0).square().sum()) / whole if whole > 0 else 1.0)


def ratio(numbers: list[float]) -> float:
    """The first over the last; NaN where that says nothing."""
    return numbers[0] / numbers[-1] if numbers and numbers[-1] > 0 else float("nan")
