"""Changes after the last layer."""

from __future__ import annotations

from torch import Tensor, nn

from whynet.doctor.surgery.places import changed_model, last_brick, last_leaf
from whynet.recipe import Recipe

OUTPUT = {"softmax": nn.Softmax, "sigmoid": nn.Sigmoid, "log_softmax": nn.LogSoftmax}


def without_output_activation(recipe: Recipe) -> Recipe | None:
    """No activation after the last layer, so that the loss receives logits."""
    return changed_model(
        recipe,
        option=lambda options: {"output_activation": None} if options.get("output_activation") is not None else None,
        bricks=last_brick(lambda brick: [] if brick.name in OUTPUT else [brick]),
        module=last_leaf(lambda child: nn.Identity() if isinstance(child, tuple(OUTPUT.values())) else None),
        label="logits",
    )


def looks_like_probabilities(outputs: Tensor) -> bool:
    """Whether every row of outputs (N, K ≥ 2) is a probability distribution: not negative, summing to 1."""
    if outputs.ndim != 2 or outputs.shape[1] < 2 or not bool(outputs.isfinite().all()):
        return False
    return bool((outputs >= 0).all()) and bool(((outputs.sum(dim=1) - 1).abs() < 1e-4).all())
