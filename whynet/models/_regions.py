"""What the detectors of the R-CNN family have in common: trunks as lists of layers, dense layers, windows, and how heads begin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import torch
from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.stack import sequence, stack
from whynet.registry import Range
from whynet.spec import Spec
from whynet.text import Text
from whynet.vision.proposals import grid

Layers = Sequence[Spec | str]
Shape = tuple[int, ...]
Count = Annotated[int, Range(least=1)]
Rate = Annotated[float, Range(least=0, below=1)]
Positive = Annotated[float, Range(above=0)]

VGG16 = ("vgg_block(2, 64)", "vgg_block(2, 128)", "vgg_block(3, 256)", "vgg_block(3, 512)", "vgg_block(3, 512, pool=False)")


def trunk(name: str, layers: Layers, inputs: Shape) -> tuple[nn.Module, Shape]:
    """The convolutions that make a map of a picture, and the map's shape (C, H, W). Raises `ShapeError` where that is no map."""
    if len(inputs) != 3:
        raise ShapeError(_NO_PICTURE, name=name, inputs=inputs)
    modules, after = stack(layers, inputs)
    if len(after) != 3:
        raise ShapeError(_NO_MAP, name=name, after=after)
    return sequence(modules), after


def dense_layers(inputs: int, widths: Sequence[int], dropout: float) -> nn.Sequential:
    """linear, relu, dropout for each width: (…, inputs) → (…, the last width)."""
    layers = nn.Sequential()
    for number, (before, after) in enumerate(pairwise((inputs, *widths)), start=1):
        layers.add_module(f"linear{number}", nn.Linear(before, after))
        layers.add_module(f"act{number}", nn.ReLU())
        layers.add_module(f"drop{number}", nn.Dropout(dropout))
    return layers


def begin_small(module: nn.Linear | nn.Conv2d, deviation: float) -> None:
    """Weights from N(0, deviation²), biases 0: the papers' way, so that at first no class and no change is preferred."""
    nn.init.normal_(module.weight, std=deviation)
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def windows_of(name: str, inputs: Shape, sizes: Sequence[float], ratios: Sequence[float], stride: int) -> Tensor:
    """The windows that proposals are picked from, (N, 4). Raises `ShapeError` where none fits in the picture."""
    found = grid((inputs[1], inputs[2]), sizes, ratios, stride)
    if not len(found):
        raise ShapeError(_NO_WINDOW, name=name, inputs=inputs, sizes=", ".join(f"{size:g}" for size in sizes))
    return found.to(torch.get_default_dtype())


_NO_PICTURE = Text(
    "{name} expects pictures, (channels, height, width). Received: {inputs}.",
    "{name:은} 그림을 받는다: (채널, 높이, 너비). 받은 것: {inputs}.",
)
_NO_MAP = Text(
    "{name}: expected a trunk that ends with a map, (channels, height, width). Received: {after}. "
    "Take flatten, pooling over everything and linear layers out of it.",
    "{name}: 몸통(trunk)의 끝은 (채널, 높이, 너비) 모양의 특징 맵이어야 한다. 받은 것: {after}. "
    "flatten, 전역 풀링, 선형 층을 빼고 쓴다.",
)
_NO_WINDOW = Text(
    "{name}: expected a picture that a window fits in; the windows' sizes are {sizes} pixels. Received: {inputs}. "
    "Use larger pictures, or smaller windows=[…].",
    "{name}: 창(window)이 들어갈 만한 그림이어야 한다. 창의 크기는 {sizes}픽셀이다. 받은 것: {inputs}. "
    "더 큰 그림을 쓰거나 windows=[…]를 줄인다.",
)
