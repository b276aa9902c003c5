"""What the loss computes, told from its values: a function of the user's says nothing of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.doctor.examination import Examination
from whynet.doctor.remembered import remembered
from whynet.losses.given import GivenLoss
from whynet.rng import generator

DRAWS = 4  # of outputs on which two losses have to agree, up to one factor
CLOSE = 2e-3  # relative; float32 sums differ by far less, other losses by far more


@dataclass(frozen=True)
class LossFact:
    """``kind``: the loss it equals up to a factor, ``""`` where it is none of the known ones."""

    kind: str
    reads: str  # logits, probabilities, log-probabilities, values, scores; "" where nothing is known
    factor: float = 1.0  # over the known loss: −1 is a loss that was turned round, a half is (f − y)²/2
    summed: bool = False  # over the batch, where the known one is averaged
    per_unit: bool = False  # each output is judged by itself, so several classes may be true at once


READS = {
    "cross_entropy": "logits",
    "cross_entropy_over_the_batch": "logits",
    "nll_of_probabilities": "probabilities",
    "raw_nll_of_probabilities": "probabilities",
    "nll_of_log_probabilities": "log-probabilities",
    "binary_cross_entropy": "logits",
    "binary_cross_entropy_of_probabilities": "probabilities",
    "mse": "values",
    "mae": "values",
    "hinge": "scores",
    "hinge_of_signs": "scores",
}
PER_UNIT = ("binary_cross_entropy", "binary_cross_entropy_of_probabilities")


@remembered
def loss_fact(seen: Examination) -> LossFact:
    """Compare the loss with the known ones on outputs between 0.1 and 0.9, where all of them are finite."""
    loss = seen.fitted.loss
    y = seen.fitted.dataset.train.y[: len(seen.outputs)]
    said = (loss.reading or "") if isinstance(loss, GivenLoss) else loss.reads
    said = "logits" if said == "logit per unit" else said
    drawn = generator(0, "sample", "loss")
    draws = [0.1 + 0.8 * torch.rand(seen.outputs.shape, generator=drawn) for _ in range(DRAWS)]
    try:
        with torch.no_grad():
            values = [float(loss(q, y)) for q in draws]
            doubled = float(loss(torch.cat([draws[0]] * 2), torch.cat([y, y])))
    except (RuntimeError, ValueError, TypeError, IndexError):
        return LossFact("", said)
    summed = values[0] != 0 and abs(doubled / values[0] - 2) < CLOSE
    n = len(y) if summed else 1
    for kind, reference in _references(y).items():
        known = [reference(q) for q in draws]
        if any(one is None or abs(one) < 1e-6 for one in known):
            continue
        ratios = [value / n / one for value, one in zip(values, known, strict=True) if one]
        if ratios[0] and all(abs(ratio / ratios[0] - 1) < CLOSE for ratio in ratios):
            return LossFact(kind, READS[kind], ratios[0], summed, kind in PER_UNIT)
    return LossFact("", said, summed=summed)


def _references(y: Tensor) -> dict[str, Callable[[Tensor], float | None]]:
    """The known losses, averaged over the batch and, where each is judged by itself, over the units."""
    labels = not y.is_floating_point()

    def wanted(q: Tensor) -> Tensor:  # targets in the shape of the outputs
        if labels:
            units = q.shape[1] if q.ndim > 1 else 1
            return (y.view(q.shape) if units == 1 else F.one_hot(y, max(units, int(y.max()) + 1))[:, :units]).to(q.dtype)
        return y.reshape(q.shape) if y.numel() == q.numel() else y.to(q.dtype)

    def of_classes(compute: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], float | None]:
        def value(q: Tensor) -> float | None:
            t = wanted(q)
            if q.ndim != 2 or q.shape[1] < 2 or t.shape != q.shape:
                return None
            return float(compute(q, t))

        return value

    def of_units(compute: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], float | None]:
        def value(q: Tensor) -> float | None:
            t = wanted(q)
            return float(compute(q, t).mean()) if t.shape == q.shape else None

        return value

    return {
        "cross_entropy": of_classes(lambda q, t: -(t * q.log_softmax(1)).sum(1).mean()),
        "cross_entropy_over_the_batch": of_classes(lambda q, t: -(t * q.log_softmax(0)).sum(1).mean()),
        "nll_of_probabilities": of_classes(lambda q, t: -(t * (q / q.sum(1, keepdim=True)).log()).sum(1).mean()),
        "raw_nll_of_probabilities": of_classes(lambda q, t: -(t * q.log()).sum(1).mean()),
        "nll_of_log_probabilities": of_classes(lambda q, t: -(t * q).sum(1).mean()),
        "binary_cross_entropy": of_units(lambda q, t: F.softplus(q) - t * q),
        "binary_cross_entropy_of_probabilities": of_units(lambda q, t: -t * q.log() - (1 - t) * (1 - q).log()),
        "mse": of_units(lambda q, t: (q - t).square()),
        "mae": of_units(lambda q, t: (q - t).abs()),
        "hinge": of_units(lambda q, t: (1 - (2 * t - 1) * q).clamp(min=0)),
        "hinge_of_signs": of_units(lambda q, t: (1 - t * q).clamp(min=0)),
    }
