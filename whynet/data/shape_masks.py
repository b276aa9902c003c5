"""Shapes to be told apart pixel by pixel: drawn scenes with their masks."""

from __future__ import annotations

from typing import Annotated

from whynet.data.draws import Count, Draw
from whynet.data.register import data_set
from whynet.data.scenes import scenes
from whynet.data.source import Source
from whynet.registry import Range


@data_set(
    en="Circles, squares, triangles and crosses before a noisy striped background, to be told apart pixel by pixel.",
    ko="줄무늬와 잡음이 섞인 배경 앞의 원, 정사각형, 삼각형, 십자. 픽셀마다 무엇에 속하는지 가린다.",
    task="segment",
)
def shape_masks(
    n: Count = 400,
    size: Annotated[int, Range(least=16, most=512)] = 64,
    objects: Annotated[int, Range(least=1, most=20)] = 3,
    flips: bool = False,
    draw: Draw = 0,
) -> Source:
    """x: (n, 3, size, size) in [0, 1], each with one to ``objects`` shapes; five classes, the background among them.

    ``flips`` adds a mirrored copy of each training picture, with its mask.
    """
    drawn = scenes(n, size, objects, draw)
    return Source(drawn.pictures, drawn.masks, ("background", *drawn.classes), asks="segment", mirror=flips)
