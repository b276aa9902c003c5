"""An LSTM in one call: oneDNN's kernel as an operation that can be traced, and differentiated once.

torch.nn.LSTM runs this kernel, too. Differentiated by ``torch.func``, though, torch takes its backward pass apart into seventy small
operations a place, so that it might be differentiated twice; here the kernel's own backward pass is called.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from whynet.layers._stacked import is_plain

_MODE = 2  # torch's number for an LSTM


def can_fuse(x: Tensor) -> bool:
    """Whether the kernel takes this: float32 on the processor, in a network that runs alone and is differentiated once at most."""
    if x.device.type != "cpu" or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu") or 0 in x.shape:
        return False
    return torch.backends.mkldnn.is_available() and torch._C._get_mkldnn_enabled() and is_plain()


def fused_lstm(x: Tensor, w: Tensor, u: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """The states (B, T, H) of an LSTM that begins at zero; x (B, T, D), weights and biases as torch lays them out."""
    states: Tensor = _FusedLSTM.apply(x.transpose(0, 1).contiguous(), w, u, b, c)[0]  # type: ignore[no-untyped-call]
    return states.transpose(0, 1)


@torch.library.custom_op("whynet::lstm", mutates_args=())
def _forward(x: Tensor, w: Tensor, u: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(T, B, D) → states (T, B, H), the last h and c, and what the backward pass wants to know."""
    zeros, units = x.new_zeros(x.shape[1], u.shape[1]), u.shape[1]
    with torch.enable_grad():  # else the kernel keeps nothing for the backward pass
        made: tuple[Tensor, Tensor, Tensor, Tensor] = torch.ops.aten.mkldnn_rnn_layer(
            x, w, u, b, c, zeros, zeros, False, [], _MODE, units, 1, True, False, False, True
        )
    return made


@torch.library.custom_op("whynet::lstm_backward", mutates_args=())
def _backward(
    x: Tensor,
    w: Tensor,
    u: Tensor,
    b: Tensor,
    c: Tensor,
    states: Tensor,
    h: Tensor,
    cell: Tensor,
    workspace: Tensor,
    grad: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    zeros, units = torch.zeros_like(h), u.shape[1]
    return torch.ops.aten.mkldnn_rnn_layer_backward(
        x, w, u, b, c, zeros, zeros, states, h, cell, grad.contiguous(), None, None,
        False, _MODE, units, 1, True, True, False, [], False, workspace,
    )[:5]  # fmt: skip


@_forward.register_fake
def _(x: Tensor, w: Tensor, u: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    h = x.new_empty(x.shape[1], u.shape[1])
    size = torch.library.get_ctx().new_dynamic_size()
    return x.new_empty(*x.shape[:2], u.shape[1]), h, torch.empty_like(h), x.new_empty(size, dtype=torch.uint8)


@_backward.register_fake
def _(x: Tensor, w: Tensor, u: Tensor, b: Tensor, c: Tensor, *rest: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    return torch.empty_like(x), torch.empty_like(w), torch.empty_like(u), torch.empty_like(b), torch.empty_like(c)


class _FusedLSTM(torch.autograd.Function):
    """states (T, B, H) of x (T, B, D); with setup_context, so that ``torch.func.grad`` takes it."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, u: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made: tuple[Tensor, Tensor, Tensor, Tensor] = _forward(x, w, u, b, c)
        return made

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        ctx.save_for_backward(*inputs, *output)
        ctx.mark_non_differentiable(*output[1:])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_others: Tensor) -> tuple[Tensor, ...]:
        made: tuple[Tensor, ...] = _backward(*ctx.saved_tensors, gradient)
        return made
