"""One answer out of many networks: the mean of what they say, or the class with the most votes.

mean    p̄ = Σ_m w_m p_m,   answered as the outputs of one network would be: log p̄ where the loss reads logits
votes   argmax_k Σ_m α_m [m says k]
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from whynet.engine.fit import Fitted
from whynet.losses.loss import Loss

AT_ONCE = 256  # examples in a forward pass


def probabilities(fitted: Fitted, x: Tensor) -> Tensor:
    """What one network says in a form that can be averaged: probabilities where its loss reads logits, else its outputs; float64.

    (N, units), or (N, K, H, W) for pixels; a single logit becomes the probability of class 1.
    """
    module, reads = fitted.module, fitted.loss.reads
    with torch.no_grad():
        outputs = torch.cat([module(part) for part in torch.as_tensor(x).split(AT_ONCE)]).double()
    if reads == "logits":
        return outputs.softmax(dim=1) if outputs.shape[1] > 1 else outputs.sigmoid()
    return outputs.exp() if reads == "log-probabilities" else outputs


def as_outputs(mean: Tensor, loss: Loss) -> Tensor:
    """The mean of `probabilities` as outputs that the loss can read."""
    if loss.reads not in ("logits", "log-probabilities"):
        return mean
    tiny = torch.finfo(mean.dtype).tiny
    log = mean.clamp_min(tiny).log()
    return log if mean.shape[1] > 1 else log - (1 - mean).clamp_min(tiny).log()


def voted(answers: Sequence[Tensor], votes: Sequence[float], classes: int) -> Tensor:
    """The class with the most votes, (N,), from each member's classes (N,); of equal ones the first."""
    total = torch.zeros(len(answers[0]), classes, dtype=torch.float64)
    for answer, vote in zip(answers, votes, strict=True):
        total[torch.arange(len(answer)), answer] += vote
    return total.argmax(dim=1)
