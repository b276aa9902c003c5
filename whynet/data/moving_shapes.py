"""Short videos of one shape that moves: what it does is the class, and no single frame tells it.

A shape has a place (x, y), a size and an angle, and each of the four lives on a circle: who leaves on the right comes back on the left,
who has grown to the largest is the smallest again. All four begin anywhere with equal chance, and the class says which of them
changes, and which way. So every frame of every class is the same random picture, and only their order tells.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
import torch

from whynet.data.draws import Count, Draw, Noise
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.registry import Range
from whynet.rng import numpy_generator

CLASSES = ("right", "left", "down", "up", "growing", "shrinking", "turning right", "turning left")
SPEED = np.array([(0.06, 0.12), (0.06, 0.12), (0.05, 0.08), (0.05, 0.08)])  # a frame, in rounds of x, y, size and angle
SIZES = (0.12, 0.36)  # radius in sides of the picture


@data_set(
    en="Short videos of a shape that moves, grows or turns: the motion is the class, and no single frame tells it.",
    ko="도형이 움직이거나 커지거나 도는 짧은 비디오. 움직임이 클래스이고, 프레임(frame) 한 장으로는 알 수 없다.",
    task="classify",
    year=2015,
    source="after Srivastava, Mansimov and Salakhutdinov, Unsupervised learning of video representations using LSTMs (Moving MNIST)",
)
def moving_shapes(
    n: Count = 1600,
    frames: Annotated[int, Range(least=2, most=100)] = 8,
    side: Annotated[int, Range(least=8, most=128)] = 16,
    noise: Noise = 0.05,
    draw: Draw = 0,
) -> Source:
    """x: (n, frames, 1, side, side) in [0, 1]; eight classes: right, left, down, up, growing, shrinking, turning right and left."""
    rng = numpy_generator(draw, "sample", "moving_shapes")
    labels = np.arange(n) % len(CLASSES)
    begin = rng.uniform(size=(n, 4))  # x, y, size and angle, each in rounds
    speed = rng.uniform(*SPEED[labels // 2].T) * (1 - 2 * (labels % 2))
    kinds = rng.integers(3, size=n)
    moving = np.eye(4)[labels // 2] * speed[:, None]  # (n, 4): one of them changes
    states = (begin[:, None] + np.arange(frames)[:, None] * moving[:, None]) % 1  # (n, T, 4)
    x = np.empty((n, frames, side, side), np.float32)
    for t in range(frames):
        x[:, t] = painted(states[:, t], kinds, side)
    x += noise * rng.standard_normal(x.shape, np.float32)
    return Source(torch.from_numpy(x.clip(0, 1)).unsqueeze(2), torch.from_numpy(labels).long(), classes=CLASSES)


def painted(states: np.ndarray, kinds: np.ndarray, side: int) -> np.ndarray:
    """Pictures (n, side, side) of shapes with these states (n, 4), in rounds; kind 0 a triangle, 1 a bar, 2 half a disc."""
    centre, (small, large) = states[:, :2, None, None], SIZES
    radius = (side * small * (large / small) ** states[:, 2])[:, None, None]  # in pixels; as much larger each frame
    angle = 2 * math.pi * states[:, 3, None, None]
    place = (np.arange(side) + 0.5) / side
    across, down = (
        ((grid - centre[:, axis] + 0.5) % 1 - 0.5) * side  # the shorter way round
        for axis, grid in enumerate((place[None, None, :], place[None, :, None]))
    )
    u = np.cos(angle) * across + np.sin(angle) * down  # (n, side, side), turned with the shape
    v = np.cos(angle) * down - np.sin(angle) * across
    triangle = np.maximum(v, np.maximum(0.866 * u - v / 2, -0.866 * u - v / 2)) - radius / 2  # pixels outside of the edge
    bar = np.maximum(abs(u) - radius, abs(v) - 0.4 * radius)
    half = np.maximum(np.hypot(u, v) - radius, v)
    outside = np.choose(kinds[:, None, None], [triangle, bar, half])
    return np.clip(0.5 - outside, 0, 1)  # an edge one pixel wide
