"""Batch normalisation in a stack, written out.

torch's own kernel is given the channels of all arms side by side and rounds those at the end of the row otherwise than the rest: an
arm's last bits would tell with how many others it was stacked. Written out, every arm's numbers are its own, at the same speed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class WrittenOut(TorchFunctionMode):
    """Inside the block `torch.nn.functional.batch_norm` over a batch's own statistics is a handful of plain operations."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return (batch_norm if function is F.batch_norm else function)(*args, **(kwargs or {}))


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over all axes but the channels'; (B, C, …) → (B, C, …).

    Moves the running statistics in place, as torch's does. Its parameters are named as torch names them. Ioffe and Szegedy (2015).
    """
    if not training:
        return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    axes = [0, *range(2, input.ndim)]
    channels = [1, -1] + [1] * (input.ndim - 2)
    n = input.numel() // input.shape[1]
    mean = input.mean(axes)  # (C,)
    centred = input - mean.view(channels)
    var = centred.square().mean(axes)  # (C,)
    with torch.no_grad():
        if running_mean is not None:
            running_mean.mul_(1 - momentum).add_(mean.detach(), alpha=momentum)
        if running_var is not None:
            running_var.mul_(1 - momentum).add_(var.detach(), alpha=momentum * n / (n - 1))  # unbiased, as in use
    output = centred * (var + eps).rsqrt().view(channels)
    if weight is not None:
        output = output * weight.view(channels)
    return output if bias is None else output + bias.view(channels)
