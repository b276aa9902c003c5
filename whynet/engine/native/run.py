"""A compiled step in the form in which a population calls it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from whynet.engine.native.step import NativeStep


class NativeRun:
    """The machine code of one arm's step, for one step or many, of an arm alone or of a stack of them."""

    def __init__(self, step: NativeStep, stacked: bool) -> None:
        self.step, self.stacked = step, stacked
        self.states = step.signature.states

    def __call__(self, *arguments: Tensor) -> list[Tensor]:
        """One step: (states …, hyper-parameters …, rate, count, x, y, uniform, normal) to (loss, states …, readings)."""
        states, hyper = arguments[: self.states], arguments[self.states : -6]
        rate, count, x, y, uniform, normal = arguments[-6:]
        arms = len(states[0]) if self.stacked else 1
        batch = self.step.signature.batch
        positions = torch.arange(arms * batch).view((1, arms, batch) if self.stacked else (1, batch))
        noise = uniform.unsqueeze(0), normal.unsqueeze(0)
        pools = x.reshape(arms * batch, *self._example(0)).contiguous(), y.reshape(arms * batch, *self._example(1)).contiguous()
        losses, after, readings = self.burst(states, hyper, rate[None], count[None], noise, *pools, positions)
        return [losses[0], *after, readings[0]]

    def _example(self, which: int) -> tuple[int, ...]:
        return self.step.signature.inputs[self.step.signature.x + which][0][1:]

    def burst(
        self,
        states: Sequence[Tensor],
        hyper: Sequence[Tensor],
        rates: Tensor,
        counts: Tensor,
        noise: tuple[Tensor, Tensor],
        pool_x: Tensor,
        pool_y: Tensor,
        positions: Tensor,
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        """K steps: losses, states after the last, readings.

        Alone: states (…), hyper (), rates (K,), noise (K, U), positions (K, B); losses (K,), readings (K, R). A stack of A arms has one
        more dimension, A, in front: (A, …), (A,), (K, A), (K, A, U), (K, A, B); (K, A), (K, A, R). counts: (K,).
        """
        many = self.stacked
        rest = [(one, False, many) for one in hyper]
        rest += [(rates, True, many), (counts, True, False)]
        rest += [(one, True, many) for one in noise]
        if not many:
            states, positions = [one.unsqueeze(0) for one in states], positions.unsqueeze(1)
        losses, after, readings = self.step.burst(states, rest, pool_x, pool_y, positions)
        if many:
            return losses, after, readings
        return losses[:, 0], [one[0] for one in after], readings[:, 0]
