"""Recurrent layers: read a sequence one place after another, and carry a state along.

    x₁      x₂      x_T            rnn    h' = tanh(a)                                      a = W x + b + (U h + c)
     ↓       ↓       ↓
0 ─ cell ─ cell ─ … cell ─ h_T     gru    h' = (1 - z) n + z h                              z, r = σ(a),  n = tanh(Wx + b + r (Uh + c))
     ↓       ↓       ↓
    h₁      h₂      h_T            lstm   c' = f c + i g,  h' = o tanh(c')                  i, f, o = σ(a),  g = tanh(a)

What a plain cell remembers it multiplies by U at every step, so the gradient of what was long ago fades or explodes. The LSTM's c is
only ever added to and let through a gate, which keeps it; the GRU does the same with one state less.

The weights are those of torch.nn, one layer, one way: ``weight_ih`` (G·H, D), ``weight_hh`` (G·H, H) and two biases (G·H,), gates in
torch's order. torch's own recurrent kernels cannot be stacked, so the loop is written here; an LSTM that trains alone on a processor
uses oneDNN's kernel, which is the same arithmetic.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whynet.layers._fused_lstm import can_fuse, fused_lstm
from whynet.registry import Range, register

Shape = tuple[int, ...]
Units = Annotated[int, Range(least=1)]


class Recurrent(nn.Module, ABC):
    """(B, T, D) → (B, T, H), or (B, H) where only the last state is wanted. It begins at zero."""

    gates: ClassVar[int]  # G: how many products of x and of h a step needs

    def __init__(self, features: int, units: int, last: bool = False) -> None:
        super().__init__()
        self.units, self.last = units, last
        self.weight_ih = nn.Parameter(torch.empty(self.gates * units, features))
        self.weight_hh = nn.Parameter(torch.empty(self.gates * units, units))
        self.bias_ih = nn.Parameter(torch.empty(self.gates * units))
        self.bias_hh = nn.Parameter(torch.empty(self.gates * units))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """U(-1/√H, 1/√H), as torch begins its recurrent layers."""
        bound = 1 / math.sqrt(self.units)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        states = self.states(x)
        return states[:, -1] if self.last else states

    def states(self, x: Tensor) -> Tensor:
        """The state after each place, (B, T, H)."""
        seen = F.linear(x, self.weight_ih, self.bias_ih).unbind(1)  # T × (B, G·H): what comes from x, for all places at once
        carried = self.begin(x.new_zeros(len(x), self.units))
        states = []
        for now in seen:
            carried = self.step(now, carried)
            states.append(carried[0])
        return torch.stack(states, dim=1)

    def recalled(self, h: Tensor) -> Tensor:
        """U h + c, (B, G·H)."""
        return F.linear(h, self.weight_hh, self.bias_hh)

    def begin(self, zeros: Tensor) -> tuple[Tensor, ...]:
        """What is carried before the first place."""
        return (zeros,)

    @abstractmethod
    def step(self, seen: Tensor, carried: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What is carried on, the state (B, H) first, from W x + b (B, G·H) and what was carried."""


class RNN(Recurrent):
    """h' = tanh(W x + b + U h + c)"""

    gates: ClassVar[int] = 1

    def step(self, seen: Tensor, carried: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return ((seen + self.recalled(carried[0])).tanh(),)


class GRU(Recurrent):
    """h' = (1 - z) n + z h,  n = tanh(W_n x + b_n + r (U_n h + c_n))"""

    gates: ClassVar[int] = 3

    def step(self, seen: Tensor, carried: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (h,) = carried
        from_x, from_h = seen.split([2 * self.units, self.units], 1), self.recalled(h).split([2 * self.units, self.units], 1)
        reset, keep = (from_x[0] + from_h[0]).sigmoid().chunk(2, 1)
        new = (from_x[1] + reset * from_h[1]).tanh()
        return (new + keep * (h - new),)


class LSTM(Recurrent):
    """c' = f c + i g,  h' = o tanh(c')"""

    gates: ClassVar[int] = 4

    def states(self, x: Tensor) -> Tensor:
        if can_fuse(x):
            return fused_lstm(x, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return super().states(x)

    def begin(self, zeros: Tensor) -> tuple[Tensor, ...]:
        return zeros, zeros

    def step(self, seen: Tensor, carried: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        h, c = carried
        let_in, keep, new, show = (seen + self.recalled(h)).chunk(4, 1)  # each (B, H), in torch's order i, f, g, o
        c = keep.sigmoid() * c + let_in.sigmoid() * new.tanh()
        return show.sigmoid() * c.tanh(), c


@register(
    "layer",
    takes=("TD",),
    example="rnn(3)",
    year=1990,
    source="Elman, Finding structure in time",
    en="Reads a sequence place by place and mixes each with what it remembers; what was long ago fades.",
    ko="시퀀스를 한 자리씩 읽어 기억과 섞는다. 오래된 것은 흐려진다.",
)
def rnn(inputs: Shape, units: Units, last: bool = False) -> nn.Module:
    """h' = tanh(W x + b + U h + c): (B, T, D) → (B, T, units), or (B, units) with ``last``."""
    return RNN(inputs[-1], units, last)


@register(
    "layer",
    takes=("TD",),
    example="gru(3)",
    year=2014,
    source="Cho et al., Learning phrase representations using RNN encoder-decoder",
    en="A recurrent layer whose state is kept or replaced by a gate: remembers long with three quarters of an LSTM's weights.",
    ko="상태를 유지할지 바꿀지 게이트(gate)가 정하는 순환 층: LSTM의 4분의 3만큼의 가중치로 오래 기억한다.",
)
def gru(inputs: Shape, units: Units, last: bool = False) -> nn.Module:
    """h' = (1 - z) n + z h: (B, T, D) → (B, T, units), or (B, units) with ``last``."""
    return GRU(inputs[-1], units, last)


@register(
    "layer",
    takes=("TD",),
    example="lstm(3)",
    year=1997,
    source="Hochreiter and Schmidhuber, Long short-term memory; the forget gate: Gers, Schmidhuber and Cummins 2000",
    en="A recurrent layer with a memory that is only added to and gated, so that a gradient survives many steps.",
    ko="더하기와 게이트(gate)로만 바뀌는 기억을 둔 순환 층: 기울기가 여러 걸음을 견딘다.",
)
def lstm(inputs: Shape, units: Units, last: bool = False) -> nn.Module:
    """c' = f c + i g, h' = o tanh(c'): (B, T, D) → (B, T, units), or (B, units) with ``last``."""
    return LSTM(inputs[-1], units, last)
