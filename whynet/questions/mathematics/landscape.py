"""The loss of a network as a function of its weights, L(w), over fixed examples: what gradients and series are asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from whynet.engine.arm import Arm, prepare
from whynet.engine.network import Buffers, clone
from whynet.recipe import Recipe, with_seed
from whynet.rng import generator

AT_ONCE = 4_000_000  # weights held at once where many networks are tried


@dataclass(frozen=True, eq=False)
class Landscape:
    """L: (P,) → a number, in float64, with dropout off. ``start``: the initial weights of the recipe's seed."""

    arm: Arm
    x: Tensor  # (B, *inputs) float64
    y: Tensor  # (B,) labels, or (B, n) float64
    buffers: Buffers
    start: Tensor  # (P,) float64

    def __call__(self, weights: Tensor) -> Tensor:
        """The loss at weights (P,): a scalar that can be differentiated as often as the network allows."""
        return self.arm.loss(self.arm.network(weights, clone(self.buffers), self.x), self.y)

    @torch.no_grad()
    def many(self, weights: Tensor) -> Tensor:
        """The loss at each of D points: (D, P) → (D,)."""
        return torch.cat([torch.func.vmap(self)(part) for part in weights.split(max(1, AT_ONCE // weights.shape[1]))])

    def gradient(self, weights: Tensor) -> Tensor:
        """∇L(w), (P,), by backpropagation."""
        here = weights.detach().requires_grad_()
        (found,) = torch.autograd.grad(self(here), here)
        return found

    def along(self, direction: Tensor, lengths: Tensor) -> Tensor:
        """L(w + t u) from the start for every length t: (T,)."""
        return self.many(self.start + lengths[:, None] * direction)


def landscape(recipe: Recipe, seed: int, examples: int | None = None) -> Landscape:
    """The loss of the recipe's network over its first training examples, all of them where no number is given."""
    arm = prepare(with_seed(recipe, seed))
    arm.network.eval()
    index = arm.dataset.train.index[:examples]
    x, y = arm.dataset.train.pool_x[index], arm.dataset.train.pool_y[index]
    buffers = {name: _double(value) for name, value in arm.network.buffers.items()}
    return Landscape(arm, _double(x), _double(y), buffers, arm.network.initial.double())


def directions(count: int, size: int, seed: int) -> Iterator[Tensor]:
    """Random directions of length 1, even on the sphere in P dimensions, a few (D, P) at a time."""
    drawn, at_once = generator(seed, "sample", "direction"), max(1, AT_ONCE // size)
    for first in range(0, count, at_once):
        points = torch.randn(min(at_once, count - first), size, generator=drawn, dtype=torch.float64)
        yield points / points.norm(dim=1, keepdim=True)


def _double(values: Tensor) -> Tensor:
    return values.double() if values.is_floating_point() else values
