"""Changes to the loss: the likelihood that fits the targets, an average, a sign, a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from whynet.doctor.examination import Examination
from whynet.doctor.facts.ending import ending
from whynet.doctor.facts.targets import classifies
from whynet.doctor.surgery.output import with_ending
from whynet.engine.arm import make_loss
from whynet.errors import WhynetError
from whynet.losses.loss import Loss
from whynet.recipe import Given, Recipe
from whynet.task import Task

EPSILON = 1e-7  # keras.config.epsilon()


def with_likelihood(recipe: Recipe, seen: Examination) -> Recipe | None:
    """The loss whose minimum is the most likely network: cross-entropy for classes, squared error for values.

    What the network ends in stays where it fits: a softmax or sigmoid gives probabilities; without one the outputs are logits. Any
    other activation is taken away together with the loss, for the two are one change in meaning. None where nothing would change.
    """
    found, task = ending(seen), seen.fitted.dataset.task
    if not classifies(seen):
        return changed_loss(recipe, seen, "mse")
    if task.kind == "regress":  # yes or no, written as values
        changed = recipe if found.name == "sigmoid" else with_ending(recipe, seen, "sigmoid")
        return changed.change(loss=Given(F.binary_cross_entropy, "binary_cross_entropy")) if changed else None
    one = seen.outputs.ndim == 1 or seen.outputs.shape[1] == 1
    probable = "sigmoid" if one else "softmax"
    if found.name == probable:
        if seen.outputs.ndim == 1:
            return recipe.change(loss=Given(F.binary_cross_entropy, "binary_cross_entropy"))
        return changed_loss(recipe, seen, "binary_cross_entropy_of_probabilities" if one else "nll_of_probabilities")
    if found.is_activation and found.name != "log_softmax":
        changed = with_ending(recipe, seen, None)
        if changed is None:
            return None
        recipe = changed
    if seen.outputs.ndim == 1:
        return recipe.change(loss=Given(F.binary_cross_entropy_with_logits, "binary_cross_entropy_with_logits"))
    return changed_loss(recipe, seen, "binary_cross_entropy" if one else "cross_entropy")


def changed_loss(recipe: Recipe, seen: Examination, name: str) -> Recipe | None:
    """Another loss; None where it cannot take the outputs or is the one there is."""
    changed = recipe.change(loss=name)
    if changed.loss == recipe.loss:
        return None
    y = seen.fitted.dataset.train.y[: len(seen.outputs)]
    try:
        with torch.no_grad():
            make_loss(changed, seen.fitted.dataset)(seen.outputs, y)
    except (WhynetError, RuntimeError, ValueError):
        return None
    return changed


@dataclass(frozen=True)
class Reworked(Loss):
    """Another loss with its value or its outputs changed; what the outputs mean stays as it was."""

    inner: Loss
    value: Callable[[Tensor, Tensor], Tensor] | None = None  # (loss, targets) → loss
    outputs: Callable[[Tensor], Tensor] | None = None
    reads: str = field(default="", init=False)  # type: ignore[misc]

    def __post_init__(self) -> None:
        object.__setattr__(self, "reads", self.inner.reads)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        found = self.inner(self.outputs(outputs) if self.outputs else outputs, targets)
        return self.value(found, targets) if self.value else found

    def units(self, task: Task) -> int:
        return self.inner.units(task)

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return self.inner.decide(outputs, task)


def averaged(recipe: Recipe, seen: Examination) -> Recipe | None:
    """The mean over the batch in place of the sum."""
    if not isinstance(recipe.loss, Given) and recipe.loss is not None:
        return recipe.change(**{"loss.reduction": "mean"})
    loss = Reworked(seen.fitted.loss, value=lambda value, targets: value / len(targets))
    return recipe.change(loss=Given(loss, f"{_label(recipe)} / batch size"))


def negated(recipe: Recipe, seen: Examination) -> Recipe | None:
    """The loss with its sign turned round."""
    return recipe.change(loss=Given(Reworked(seen.fitted.loss, value=lambda value, _: -value), f"-{_label(recipe)}"))


def clipped(recipe: Recipe, seen: Examination) -> Recipe | None:
    """Probabilities kept between 1e-7 and 1 - 1e-7 before the loss takes their logarithm."""
    loss = Reworked(seen.fitted.loss, outputs=lambda outputs: outputs.clamp(EPSILON, 1 - EPSILON))
    return recipe.change(loss=Given(loss, f"{_label(recipe)} of clipped probabilities"))


def _label(recipe: Recipe) -> str:
    return recipe.loss.label if isinstance(recipe.loss, Given) else str(recipe.loss)
