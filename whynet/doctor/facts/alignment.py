"""What neighbouring inputs tell of each other's targets, in the order the targets have and in others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.data.scale import fit
from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.engine.arm import load_data
from whynet.rng import generator

MOST, ASKED = 2000, 1000  # examples that vote, and that are asked; the latter are not among the former
FARTHEST = 5  # places
NEIGHBOURS = 10
LEAST = 60
KNOWN = 0.1  # of the way from guessing to knowing: targets that tell more than that are where they belong


@dataclass(frozen=True)
class Alignment:
    """How much neighbours tell of the targets (0 guessing, 1 knowing): as they are, and in the best other alignment."""

    now: float
    best: float
    places: int | None  # None: turned round
    asked: int  # examples whose neighbours were asked

    @property
    def luck(self) -> float:
        """How much a dozen alignments may seem to tell where nothing is known: three standard errors, 1/√n each for even odds."""
        return 3 / math.sqrt(self.asked)


@remembered
def alignment(seen: Examination) -> Alignment | None:
    """Of training examples alone, whatever was done to the others; None where there are too few to tell."""
    dataset = load_data(seen.recipe) if seen.cut else seen.fitted.dataset  # a part of the data has lost its order
    x, y, index = dataset.train.pool_x, dataset.train.pool_y, dataset.train.index
    n = len(index)
    if n < LEAST or (y == y[:1]).all():
        return None
    order = index[torch.randperm(n, generator=generator(0, "sample", "alignment"))]
    asked = order[: min(ASKED, n // 3)]
    known = order[len(asked) : len(asked) + MOST]
    shift, spread = fit(x[known], "standard")
    a, b = (((x[part] - shift) / spread).flatten(1).float() for part in (known, asked))
    near = torch.cat([torch.cdist(part, a).topk(NEIGHBOURS, largest=False).indices for part in b.split(250)])  # (asked, 10)
    now = _told(y, known[near], asked, dataset.task.outputs)
    if now >= KNOWN:  # in step: no other order need be tried
        return Alignment(now, now, 0, len(asked))
    shifts = [place for place in range(-FARTHEST, FARTHEST + 1) if place]
    told = {place: _told(y.roll(-place, 0), known[near], asked, dataset.task.outputs) for place in shifts}
    best = max(told, key=lambda place: told[place])
    back = _told(y.flip(0), known[near], asked, dataset.task.outputs)
    if back > told[best]:
        return Alignment(now, back, None, len(asked))
    return Alignment(now, told[best], best, len(asked))


def _told(y: Tensor, near: Tensor, asked: Tensor, classes: int) -> float:
    """Of the way from the most common answer to always right, the share that the neighbours' answer goes; for values R²."""
    if y.is_floating_point():
        wanted, said = y[asked].double(), y[near].double().mean(1)
        return float(1 - (wanted - said).square().sum() / (wanted - wanted.mean(0)).square().sum().clamp(min=1e-300))
    right = float((F.one_hot(y[near], classes).sum(1).argmax(1) == y[asked]).double().mean())
    chance = float(y[asked].bincount().max()) / len(asked)
    return (right - chance) / max(1 - chance, 1e-9)
