"""Drawn scenes: shapes of many colours, sizes and turns before a noisy, striped background, with their boxes and pixels known.

    a shape is where its distance d(x, y) to the edge is below zero; a pixel's share of it is ½ - d, cut to 0 … 1, d in pixels

        circle    |p| - r                            p: the pixel in the shape's own frame, moved and turned
        square    max(|x|, |y|) - h
        triangle  the largest of three half-planes
        cross     the union of two bars

What is drawn later lies in front. A place is drawn anew if a shape would hide more than `HIDDEN` of another one, so every object
can be seen; a box goes around the whole shape, hidden parts too, and the mask holds only what is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from whynet.rng import numpy_generator

Plane = np.ndarray  # (S, S)
Distance = Callable[[Plane, Plane, float], Plane]

SMALLEST, LARGEST = 0.2, 0.45  # a shape's width before it is turned, in widths of the picture
TURN = 0.5  # radians to either side
HIDDEN = 0.3  # of a shape's pixels, by all that lie before it
CONTRAST = 0.45  # distance of a shape's colour from the background's, in the unit cube
TRIES = 20


@dataclass(frozen=True, eq=False)
class Scenes:
    """``pictures`` (N, 3, S, S) float32 in [0, 1]; ``boxes`` (N, M, 5) float32 rows ``[class, x1, y1, x2, y2]`` in fractions, padded
    with class -1; ``masks`` (N, S, S) int64, 0 for the background and class + 1; ``classes``: the names of the shapes, without the
    background."""

    pictures: Tensor
    boxes: Tensor
    masks: Tensor
    classes: tuple[str, ...]


def scenes(count: int, size: int, objects: int, seed: int) -> Scenes:
    """``count`` pictures of one to ``objects`` shapes; the first n of more pictures are the same n."""
    rng = numpy_generator(seed, "sample", "scenes", size, objects)
    pictures = np.empty((count, 3, size, size), np.float32)
    boxes = np.tile(np.array([-1, 0, 0, 0, 0], np.float32), (count, objects, 1))
    masks = np.zeros((count, size, size), np.int64)
    for n in range(count):
        _draw(rng, pictures[n], boxes[n], masks[n])
    return Scenes(torch.from_numpy(pictures), torch.from_numpy(boxes), torch.from_numpy(masks), tuple(SHAPES))


def _draw(rng: np.random.Generator, picture: np.ndarray, boxes: np.ndarray, mask: Plane) -> None:
    """One scene, into (3, S, S), (M, 5) and (S, S)."""
    size = len(mask)
    ground = rng.uniform(0.1, 0.9, 3)
    picture[:] = _background(rng, ground, size)
    wholes: list[Plane] = []  # where each shape is, seen or not
    owner = np.full((size, size), -1)  # which shape is seen
    for _ in range(rng.integers(1, len(boxes), endpoint=True)):
        kind, colour = int(rng.integers(len(SHAPES))), _colour(rng, ground)
        for _ in range(TRIES):
            share = _place(rng, list(SHAPES.values())[kind], size)
            whole = share > 0.5
            if all(
                (seen & ~whole).sum() >= (1 - HIDDEN) * w.sum() for w, seen in ((w, owner == i) for i, w in enumerate(wholes))
            ):
                break
        else:
            continue  # no room is left; the first shape always has
        boxes[len(wholes)] = kind, *_box(whole)
        owner[whole], mask[whole] = len(wholes), kind + 1
        wholes.append(whole)
        picture += share * (colour[:, None, None] - picture)
    picture += rng.normal(0, 0.04, picture.shape)
    np.clip(picture, 0, 1, out=picture)


def _background(rng: np.random.Generator, ground: np.ndarray, size: int) -> np.ndarray:
    """A colour that changes across the picture, with stripes: (3, S, S)."""
    y, x = np.mgrid[:size, :size] / size
    slope = rng.normal(0, 0.1, (3, 2, 1, 1))
    waves = 2 * np.pi * (rng.uniform(-8, 8, 2) @ np.stack([x.ravel(), y.ravel()]) + rng.uniform()).reshape(size, size)
    stripes = rng.uniform(0, 0.1, (3, 1, 1)) * np.sin(waves)
    return np.asarray(ground[:, None, None] + slope[:, 0] * (x - 0.5) + slope[:, 1] * (y - 0.5) + stripes)


def _colour(rng: np.random.Generator, ground: np.ndarray) -> np.ndarray:
    """Any colour (3,) that stands out from the ground."""
    while True:
        colour = rng.uniform(0, 1, 3)
        if np.linalg.norm(colour - ground) > CONTRAST:
            return colour


def _place(rng: np.random.Generator, distance: Distance, size: int) -> Plane:
    """The share of each pixel that a shape covers, drawn anywhere inside: (S, S)."""
    radius = rng.uniform(SMALLEST, LARGEST) / 2 * size
    reach = min(radius * np.sqrt(2), size / 2)  # a turned corner
    centre, turn = rng.uniform(reach, size - reach, 2), rng.uniform(-TURN, TURN)
    y, x = np.mgrid[:size, :size] + 0.5 - centre[:, None, None]  # from the centre, in pixels
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return np.clip(0.5 - distance(along, across, radius), 0, 1)


def _box(whole: Plane) -> tuple[float, float, float, float]:
    """The smallest box around the pixels, in fractions."""
    columns, rows = np.flatnonzero(whole.any(axis=0)), np.flatnonzero(whole.any(axis=1))
    size = len(whole)
    return columns[0] / size, rows[0] / size, (columns[-1] + 1) / size, (rows[-1] + 1) / size


# --- distances to the edge, negative inside; y points down, r is half the width ---------------------------------------


def _circle(x: Plane, y: Plane, r: float) -> Plane:
    return np.hypot(x, y) - r


def _square(x: Plane, y: Plane, r: float) -> Plane:
    return np.maximum(np.abs(x), np.abs(y)) - 0.9 * r


def _triangle(x: Plane, y: Plane, r: float) -> Plane:
    below = y - 0.6 * r  # equilateral: corners at a distance of 1.2 r from the centre
    return np.maximum(below, np.abs(x) * np.sqrt(3) / 2 - y / 2 - 0.6 * r)


def _cross(x: Plane, y: Plane, r: float) -> Plane:
    wide, high, bar = np.abs(x) - r, np.abs(y) - r, 0.33 * r
    return np.minimum(np.maximum(wide, np.abs(y) - bar), np.maximum(np.abs(x) - bar, high))


SHAPES: dict[str, Distance] = {"circle": _circle, "square": _square, "triangle": _triangle, "cross": _cross}
