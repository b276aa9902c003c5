"""How strong a network's own noise is: the probability of its dropout layers, the standard deviation of its noise layers.

Networks that differ in nothing else compute the same, so that stacked arms may each have their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from whynet.layers.noise import Noise
from whynet.spec import Spec, Value

Rated = tuple[nn.Module, str]  # a module, and which of its attributes is the rate

_ATTRIBUTE: dict[type[nn.Module], str] = {
    nn.Dropout: "p", nn.Dropout1d: "p", nn.Dropout2d: "p", nn.Dropout3d: "p", Noise: "std",
}  # fmt: skip


def rated(module: nn.Module) -> list[Rated]:
    """The modules that have a rate, in network order. One that drops everything (p = 1) is something else."""
    found = [(child, _ATTRIBUTE[type(child)]) for child in module.modules() if type(child) in _ATTRIBUTE]
    return [(child, name) for child, name in found if name == "std" or 0 <= getattr(child, name) < 1]


@contextmanager
def using(places: Sequence[Rated], rates: Tensor | None, dtype: torch.dtype) -> Iterator[None]:
    """Inside the block, which computes in ``dtype``, the modules have these rates, (K,) float64; their own where there are none."""
    own = [getattr(child, name) for child, name in places]
    try:
        for (child, name), rate in zip(places, () if rates is None else rates.unbind(), strict=rates is not None):
            setattr(child, name, rate.to(dtype) if name == "std" else rate)  # the mask of a dropout rounds for itself
        yield
    finally:
        for (child, name), rate in zip(places, own, strict=True):
            setattr(child, name, rate)


def without_rates(spec: Value) -> Value:
    """A model's spec with every rate left out: ``dropout(0.3)`` as ``dropout``, ``mlp(dropout=0.3)`` as ``mlp``.

    ``noisy_linear(8, std=0.3)`` is ``noisy_linear(8)``.
    """
    if isinstance(spec, list):
        return [without_rates(entry) for entry in spec]
    if not isinstance(spec, Spec):
        return spec
    if spec.name in ("dropout", "noise"):
        return Spec(spec.name)
    options = {name: without_rates(value) for name, value in spec.options.items() if name not in ("dropout", "std")}
    return Spec(spec.name, options, tuple(without_rates(value) for value in spec.args))
