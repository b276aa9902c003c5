"""What reaches the first layer with weights of a watched network: mean and spread of every feature."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

WIDEST = 4096  # features


@dataclass
class InputsSeen:
    """Mean and spread of rows (N, F), gathered batch by batch (Chan, Golub and LeVeque 1979)."""

    layer: str  # that they reach; empty for the model itself
    rows: int
    mean: Tensor  # (F,)
    squares: Tensor  # (F,), of the differences to the mean
    normed: bool = False  # what the layer makes of them goes straight into a batch normalisation

    @property
    def spread(self) -> Tensor:
        """Standard deviation of every feature, (F,)."""
        return (self.squares / max(1, self.rows)).sqrt()

    def add(self, x: Tensor) -> None:
        """More rows."""
        more = seen_of(self.layer, x)
        n, off = self.rows + more.rows, more.mean - self.mean
        self.squares += more.squares + off.square() * (self.rows * more.rows / n)
        self.mean += off * (more.rows / n)
        self.rows = n


def seen_of(layer: str, x: Tensor) -> InputsSeen:
    """One batch (B, F)."""
    plain = x.detach()
    variance, mean = torch.var_mean(plain if plain.dtype.itemsize >= 4 else plain.float(), dim=0, correction=0)
    return InputsSeen(layer, len(x), mean.cpu().double(), variance.cpu().double() * len(x))


class AtTheDoor:
    """Sees the first layer with weights in every training pass of a watched step."""

    def __init__(self) -> None:
        self.seen: InputsSeen | None = None
        self.waiting = False  # for the first layer with weights of this pass
        self.behind = False  # the layer at hand is the one behind it

    def open(self) -> None:
        """A pass begins."""
        self.waiting, self.behind = True, False

    @torch.no_grad()
    def passed(self, name: str, layer: nn.Module, args: tuple[object, ...]) -> None:
        """One layer has run."""
        if self.behind:
            self.behind = False
            if self.seen is not None and isinstance(layer, nn.modules.batchnorm._NormBase):
                self.seen.normed = True
        weight = getattr(layer, "weight", None)
        recurrent = isinstance(layer, nn.RNNBase | nn.RNNCellBase | nn.MultiheadAttention)
        if not self.waiting or not (recurrent or (isinstance(weight, Tensor) and weight.ndim > 1)):
            return
        self.waiting, self.behind = False, True
        x = args[0] if args else None
        if not isinstance(layer, nn.Linear) or not isinstance(x, Tensor) or x.ndim != 2 or not x.is_floating_point():
            return
        if x.requires_grad or not 0 < x.shape[1] <= WIDEST or not len(x):
            return  # what bare parameters before it have made
        if self.seen is None:
            self.seen = seen_of(name, x)
        elif self.seen.layer == name and len(self.seen.mean) == x.shape[1]:
            self.seen.add(x)
