"""A classifier of whole pictures becomes one of every place: its linear layers are convolutions that saw just one window.

    flatten (C, h, w) ── linear C·h·w → D         =   convolution h×w, C → D, on a map of h×w     the same weights, in another shape
    linear D → K                                  =   convolution 1×1, D → K

On a picture of the classifier's size there is one window and the answer is equal; on a larger one it slides, and what windows share
is computed once. Long, Shelhamer and Darrell, Fully convolutional networks for semantic segmentation (2015), section 3.1.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.pooling import GlobalAvgPool
from whynet.models.modes import evaluating
from whynet.text import Text

Shape = tuple[int, ...]


def convolutionalise(classifier: nn.Module, inputs: Shape) -> nn.Module:
    """A copy that answers (B, K, H', W') where the classifier of pictures ``inputs`` (C, H, W) answers (B, K); on those H' = W' = 1.

    Names and weights stay; a linear weight (D, C·h·w) becomes (D, C, h, w). Flattening, pooling over all places and batch norms
    between linear layers are turned, too. Raises `ShapeError` where the copy would not answer as the classifier does, because its
    forward pass flattens by itself.
    """
    turned = copy.deepcopy(classifier)
    for name, module, shape in _run(turned, inputs):
        parent, _, own = name.rpartition(".")
        replacement = _turned(module, shape)
        if replacement is not module:
            setattr(turned.get_submodule(parent), own, replacement)
        elif isinstance(module, nn.Linear | nn.BatchNorm1d):
            raise ShapeError(_UNFIT, name=name, shape=shape)
    _check(classifier, turned, inputs)
    return turned


def _run(module: nn.Module, inputs: Shape) -> list[tuple[str, nn.Module, tuple[Shape, Shape]]]:
    """Every module without children in the order in which it runs, with its place: the map (C, h, w) that its input was flattened from."""
    seen: list[tuple[str, nn.Module, tuple[Shape, Shape]]] = []
    handles = [
        child.register_forward_hook(
            lambda m, given, out, name=name: seen.append((name, m, (tuple(given[0].shape[1:]), tuple(out.shape[1:]))))
        )
        for name, child in module.named_modules()
        if name and not list(child.children())
    ]
    try:
        _answer(module, inputs)
    finally:
        for handle in handles:
            handle.remove()
    places: list[tuple[str, nn.Module, tuple[Shape, Shape]]] = []
    flattened: Shape | None = None
    for name, child, (given, out) in seen:
        places.append((name, child, (flattened or given, out) if isinstance(child, nn.Linear) else (given, out)))
        if isinstance(child, nn.Linear):
            flattened = None
        elif len(given) == 3 and len(out) == 1 and isinstance(child, nn.Flatten):
            flattened = given
    return places


def _turned(module: nn.Module, shapes: tuple[Shape, Shape]) -> nn.Module:
    """The module that does on a map what this one does on the map's numbers in a row; itself where nothing is to be done."""
    given, out = shapes
    if isinstance(module, nn.Flatten):
        return nn.Identity()
    if isinstance(module, GlobalAvgPool) or (isinstance(module, nn.AdaptiveAvgPool2d) and out[1:] == (1, 1) != given[1:]):
        return nn.AvgPool2d((given[1], given[2]), stride=1)
    if isinstance(module, nn.AdaptiveAvgPool2d) and out == given:
        return nn.Identity()
    if isinstance(module, nn.Linear):
        channels, *kernel = given if len(given) == 3 else (*given, 1, 1)
        if len(kernel) != 2 or channels * kernel[0] * kernel[1] != module.in_features:
            return module
        return _convolution(module, channels, (kernel[0], kernel[1]))
    if isinstance(module, nn.BatchNorm1d) and len(given) == 1:
        norm = nn.BatchNorm2d(module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats)
        return _like(module, norm)
    return module


def _like(module: nn.Module, made: nn.Module) -> nn.Module:
    """``made`` with the state of ``module``, in its type and place."""
    state = module.state_dict()
    for tensor in state.values():
        made = made.to(tensor.device, tensor.dtype) if tensor.is_floating_point() else made
    made.load_state_dict(state)
    return made.train(module.training)


def _convolution(linear: nn.Linear, channels: int, kernel: tuple[int, int]) -> nn.Conv2d:
    weight = linear.weight.detach()
    made = nn.Conv2d(
        channels, linear.out_features, kernel, bias=linear.bias is not None, device=weight.device, dtype=weight.dtype
    )
    made.weight = nn.Parameter(weight.reshape(made.weight.shape))  # (D, C·h·w) → (D, C, h, w)
    if linear.bias is not None:
        made.bias = nn.Parameter(linear.bias.detach())
    return made.train(linear.training)


def _answer(module: nn.Module, inputs: Shape) -> Tensor:
    """What it answers to one picture of noise, as in use."""
    first = next(module.parameters())
    noise: dict[str, Any] = {} if first.is_meta else {"generator": torch.Generator().manual_seed(0)}
    x = torch.randn(1, *inputs, device="meta" if first.is_meta else "cpu", dtype=first.dtype, **noise)
    with evaluating(module), torch.no_grad():
        answer: Tensor = module(x.to(first.device))
    return answer


def _check(classifier: nn.Module, turned: nn.Module, inputs: Shape) -> None:
    expected = _answer(classifier, inputs)
    try:
        found = _answer(turned, inputs)
    except RuntimeError as error:
        raise ShapeError(_OTHERWISE, reason=str(error).splitlines()[0]) from error
    if tuple(found.shape) != (*expected.shape, 1, 1):
        raise ShapeError(_OTHERWISE, reason=f"{tuple(found.shape)} ≠ {(*expected.shape, 1, 1)}")
    if not found.is_meta and not torch.allclose(found[..., 0, 0], expected, rtol=1e-3, atol=1e-4):
        raise ShapeError(_OTHERWISE, reason=f"{float((found[..., 0, 0] - expected).abs().max()):.2g}")


_UNFIT = Text(
    "{name} cannot be turned into a convolution: it does not read a flattened map. Received: {shape}.",
    "{name:은} 펼친 특징 맵을 읽지 않으므로 합성곱(convolution)으로 바꿀 수 없다. 받은 것: {shape}.",
)
_OTHERWISE = Text(
    "Turned into convolutions the classifier would not answer as before ({reason}). "
    "Let its forward pass flatten with nn.Flatten, or with a mean over all places (global_avg_pool), and with nothing else.",
    "합성곱(convolution)으로 바꾸면 분류기가 전과 다르게 답한다({reason}). "
    "순전파에서 nn.Flatten이나 모든 위치의 평균(global_avg_pool)으로만 펼치게 한다.",
)
