"""Where a small change of the picture would move the score of its class most."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from whynet.models.features import Trained, network_of, run


def saliency(model: nn.Module | Trained, x: Tensor, classes: Tensor | None = None) -> Tensor:
    """max over channels of |∂ score of the class / ∂ x|, (B, H, W) for pictures (B, C, H, W).

    ``classes``: (B,) int64, else the class that the network answers. The score is the output before any softmax, (B, K); of a
    single output it is that output. Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks (2013).
    """
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        scores = run(network_of(model), x)  # (B, K)
        if classes is None:
            classes = scores.argmax(dim=1)
        chosen = scores.gather(1, classes.to(scores.device).clamp(max=scores.shape[1] - 1)[:, None])
        [slope] = torch.autograd.grad(chosen.sum(), x)  # examples do not touch each other in use
    return slope.abs().amax(dim=1)


def half_of(maps: Tensor) -> float:
    """The smallest share of the pixels that holds half of all saliency; 0.5 were it spread evenly."""
    mass = maps.flatten(1).sort(dim=1, descending=True).values.double()
    share = mass.cumsum(dim=1) / mass.sum(dim=1, keepdim=True).clamp_min(1e-300)
    needed = (share < 0.5).sum(dim=1) + 1  # with the pixel that makes the half full
    return float(needed.clamp(max=mass.shape[1]).double().mean()) / mass.shape[1]
