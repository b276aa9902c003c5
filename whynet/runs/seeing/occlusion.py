"""What the network loses when a place of the picture is covered."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from whynet.models.features import Trained, network_of, run


def occlusion(
    model: nn.Module | Trained,
    x: Tensor,
    classes: Tensor | None = None,
    *,
    size: int | None = None,
    stride: int | None = None,
    fill: float | Tensor | None = None,
    read: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """The probability of the class, less the probability with a square over the place; (B, H, W) for pictures (B, C, H, W).

    A pixel gets the mean over all squares that cover it; above 0 speaks for the class, below 0 against it. ``size``: of the
    square, a quarter of the shorter side; ``stride``: half of that; ``fill``: what it shows, the mean colour of ``x``.
    ``classes``: (B,) int64, else the answers of the network. ``read``: outputs → probabilities (B, K), else their softmax.
    Zeiler and Fergus, Visualizing and understanding convolutional networks (2014).
    """
    network, read = network_of(model), read or (lambda outputs: outputs.softmax(dim=1))
    height, width = x.shape[-2:]
    size = min(size or max(-(-min(height, width) // 4), 1), height, width)
    stride = stride or max(size // 2, 1)
    colour = x.mean(dim=(0, 2, 3), keepdim=True)[0] if fill is None else torch.as_tensor(fill, dtype=x.dtype).reshape(-1, 1, 1)
    with torch.no_grad():
        whole = read(run(network, x)).cpu()
        classes = whole.argmax(dim=1) if classes is None else classes.cpu()
        before = whole.gather(1, classes[:, None])[:, 0]
        lost, covered = torch.zeros(len(x), height, width), torch.zeros(height, width)
        for top in _places(height, size, stride):
            for left in _places(width, size, stride):
                hidden = x.clone()
                hidden[..., top : top + size, left : left + size] = colour
                after = read(run(network, hidden)).cpu().gather(1, classes[:, None])[:, 0]
                lost[:, top : top + size, left : left + size] += (before - after)[:, None, None]
                covered[top : top + size, left : left + size] += 1
    return lost / covered


def _places(length: int, size: int, stride: int) -> list[int]:
    """Where squares begin: every ``stride``, and one at the very end."""
    return sorted({*range(0, length - size + 1, stride), length - size})
