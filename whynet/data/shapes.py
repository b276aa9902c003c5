"""Shapes to be found: drawn scenes with their boxes."""

from __future__ import annotations

from typing import Annotated

from whynet.data.draws import Count, Draw
from whynet.data.register import data_set
from whynet.data.scenes import scenes
from whynet.data.source import Source
from whynet.registry import Range


@data_set(
    en="Circles, squares, triangles and crosses before a noisy striped background, to be found and named.",
    ko="줄무늬와 잡음이 섞인 배경 앞의 원, 정사각형, 삼각형, 십자. 어디에 무엇이 있는지 찾는다.",
    task="detect",
)
def shapes(
    n: Count = 2000,
    size: Annotated[int, Range(least=16, most=512)] = 64,
    objects: Annotated[int, Range(least=1, most=20)] = 5,
    flips: bool = False,
    draw: Draw = 0,
) -> Source:
    """x: (n, 3, size, size) in [0, 1], each with one to ``objects`` shapes of four classes that overlap a little.

    ``flips`` adds a mirrored copy of each training picture, with its boxes.
    """
    drawn = scenes(n, size, objects, draw)
    return Source(drawn.pictures, drawn.boxes, drawn.classes, asks="detect", mirror=flips)
