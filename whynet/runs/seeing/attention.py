"""Where attention looks: its open maps, and what the class token sees laid over the picture."""

from __future__ import annotations

import math

from torch import Tensor, nn

from whynet.errors import UnknownNameError
from whynet.models.features import Trained, features, network_of
from whynet.text import Text


def attention(model: nn.Module | Trained, x: Tensor) -> dict[str, Tensor]:
    """The map of every attention, (B, heads, T, T), by the name of its module, in the order of running; each row sums to 1.

    Raises `UnknownNameError` for a network that has no attention with an open map (a submodule named ``weights``).
    """
    names = attentions(network_of(model))
    if not names:
        raise UnknownNameError(_NONE)
    seen = features(model, x, names)
    return {name.removesuffix(".weights") or "attention": map for name, map in seen.items() if map.ndim == 4}


def attentions(module: nn.Module) -> list[str]:
    """The names of the submodules through which attention maps pass."""
    return [
        name for name, own in module.named_modules() if name.rpartition(".")[2] == "weights" and isinstance(own, nn.Identity)
    ]


def over_picture(weights: Tensor, size: tuple[int, int]) -> Tensor | None:
    """The row of the class token as a picture, (B, heads, h, w), for maps (B, heads, T, T) of patches of a picture (H, W).

    The class token comes first; without one it is what all patches together look at. None where the places are no grid of the
    picture's proportions.
    """
    places = weights.shape[-1]
    for first in (1, 0):
        patches = places - first
        high = round(math.sqrt(patches * size[0] / size[1])) if patches > 1 else 0
        if high and patches % high == 0 and high * size[1] == patches // high * size[0]:
            row = weights[:, :, 0, 1:] if first else weights.mean(dim=2)
            return row.reshape(*row.shape[:2], high, patches // high)
    return None


def places_seen(weights: Tensor) -> float:
    """exp(entropy) of the rows, averaged: as many places as would be looked at were it shared evenly among them."""
    rows = weights.double().flatten(0, -2).clamp_min(1e-300)
    return float((-(rows * rows.log()).sum(dim=-1)).exp().mean())


_NONE = Text(
    "The network has no attention with an open map: none of its submodules is named weights.",
    "네트워크에 들여다볼 수 있는 어텐션(attention) 맵이 없다. weights라는 이름의 부분 모듈이 없다.",
)
