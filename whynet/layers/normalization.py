"""Normalisation: keep what flows between layers at mean 0 and variance 1, then let the network choose its own scale."""

from __future__ import annotations

from typing import Annotated

from torch import nn

from whynet.registry import Range, register

Shape = tuple[int, ...]


@register(
    "layer",
    takes=("D", "CT", "CHW"),
    year=2015,
    source="Ioffe and Szegedy, Batch normalization",
    en="Standardises each unit or channel over the batch; in evaluation it uses averages gathered in training.",
    ko="유닛이나 채널마다 배치 전체에서 표준화한다. 평가할 때는 학습 중에 모은 평균을 쓴다.",
)
def batch_norm(
    inputs: Shape,
    momentum: Annotated[float, Range(above=0, most=1)] = 0.1,
    eps: Annotated[float, Range(above=0)] = 1e-5,
) -> nn.Module:
    """γ · (x - μ) / √(σ² + eps) + β, with μ and σ² of each channel over the batch and all places. Shapes are kept."""
    norm = nn.BatchNorm2d if len(inputs) == 3 else nn.BatchNorm1d
    return norm(inputs[0], eps, momentum)


@register(
    "layer",
    takes=("D", "TD", "CHW"),
    year=2016,
    source="Ba, Kiros and Hinton, Layer normalization",
    en="Standardises each example over its own units, so that the batch does not matter.",
    ko="예제마다 자기 유닛들로 표준화한다. 그래서 배치에 좌우되지 않는다.",
)
def layer_norm(inputs: Shape, eps: Annotated[float, Range(above=0)] = 1e-5) -> nn.Module:
    """γ · (x - μ) / √(σ² + eps) + β over the units of an example: D of (D) and of (T, D), all of (C, H, W). Shapes are kept."""
    return nn.LayerNorm(inputs if len(inputs) == 3 else inputs[-1:], eps)


@register(
    "layer",
    takes=("CHW", "CT"),
    example="group_norm(2)",
    year=2018,
    source="Wu and He, Group normalization",
    en="Standardises groups of channels within each example: for batches too small for batch normalisation.",
    ko="예제 안에서 채널을 묶어 표준화한다. 배치가 너무 작아 배치 정규화(batch normalization)를 못 쓸 때 쓴다.",
)
def group_norm(
    inputs: Shape, groups: Annotated[int, Range(least=1)], eps: Annotated[float, Range(above=0)] = 1e-5
) -> nn.Module:
    """γ · (x - μ) / √(σ² + eps) + β over each group of C / groups channels and all places. Shapes are kept."""
    return nn.GroupNorm(groups, inputs[0], eps)
