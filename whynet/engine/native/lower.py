"""A traced step in few kinds of operations: those that `emit` can write."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._decomp import _core_aten_decompositions_post_autograd, get_decompositions
from torch.func import functionalize
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from whynet.engine.graph import tidy

aten = torch.ops.aten


def lower(graph: GraphModule, examples: Sequence[Tensor]) -> GraphModule:
    """The same arithmetic without what is written in place, and without what can be said by simpler operations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing's own making
        lowered = make_fx(functionalize(graph), decomposition_table=_table())(*examples)
    tidy(lowered)
    return lowered


@cache
def _table() -> dict[Any, Callable[..., Any]]:
    more = [
        aten._log_softmax, aten._softmax, aten._log_softmax_backward_data, aten._softmax_backward_data,
        aten.native_layer_norm, aten.native_group_norm, aten.native_layer_norm_backward, aten.native_group_norm_backward,
        aten.native_batch_norm, aten.native_batch_norm_backward, aten._native_batch_norm_legit, aten._native_batch_norm_legit_functional,
        aten.gelu, aten.gelu_backward, aten.elu, aten.elu_backward, aten.leaky_relu, aten.leaky_relu_backward, aten.hardtanh,
        aten.hardtanh_backward, aten.softplus, aten.softplus_backward, aten.silu, aten.silu_backward, aten.addmm, aten.embedding,
        aten.linalg_vector_norm, aten.sigmoid_backward, aten.tanh_backward, aten.threshold_backward, aten.lerp, aten.addcmul,
        aten.addcdiv, aten.nll_loss_forward, aten.nll_loss_backward, aten.native_dropout, aten.hardswish, aten.hardsigmoid,
    ]  # fmt: skip
    table: dict[Any, Callable[..., Any]] = {**_core_aten_decompositions_post_autograd(), **get_decompositions(more)}
    table[aten.var.correction] = _var
    table[aten.var_mean.correction] = lambda x, dim=None, *, correction=None, keepdim=False: (
        _var(x, dim, correction=correction, keepdim=keepdim), aten.mean.dim(x, dim, keepdim),
    )  # fmt: skip
    table[aten.linalg_vector_norm.default] = _vector_norm
    table[aten.lerp.Tensor] = lambda start, end, weight: _lerp(start, end, weight)
    table.pop(aten.avg_pool2d.default, None)
    table.pop(aten.avg_pool2d_backward.default, None)
    table.pop(aten.max_pool2d_with_indices_backward.default, None)
    table[aten.lerp.Scalar] = lambda start, end, weight: start + weight * (end - start)
    return table


def _lerp(start: Tensor, end: Tensor, weight: Tensor) -> Tensor:
    return start + weight * (end - start)


def _var(x: Tensor, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> Tensor:
    dims = list(range(x.ndim)) if dim is None or dim == [] else [d % x.ndim for d in dim]
    count = 1
    for d in dims:
        count *= x.shape[d]
    centred = x - aten.mean.dim(x, dims, True)
    freedom = count - (1 if correction is None else correction)
    return aten.sum.dim_IntList(centred * centred, dims, keepdim) / freedom


def _vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    if ord != 2 or dtype is not None:
        return NotImplemented
    dims = list(range(x.ndim)) if dim is None else dim
    return aten.sum.dim_IntList(x * x, dims, keepdim).sqrt()
