"""The learning rate of a recipe, whatever its optimizer was written as, and recipes with another."""

from __future__ import annotations

import math
import re
from typing import Any

from whynet import registry
from whynet.engine.arm import make_optimizer
from whynet.recipe import Recipe
from whynet.spec import Spec


def settings(recipe: Recipe) -> tuple[str, dict[str, Any]]:
    """The name of the update rule and all of its options, defaults filled in."""
    rule = make_optimizer(recipe)
    if isinstance(recipe.optimizer, Spec):
        info, options = registry.bind("optimizer", recipe.optimizer)
        return info.name, {name: options.get(name, parameter.default) for name, parameter in info.parameters.items()}
    name = next(info.name for info in registry.infos("optimizer") if isinstance(rule, info.make))  # type: ignore[arg-type]
    return name, {name: getattr(rule, name) for name in registry.get("optimizer", name).parameters}


def rate(recipe: Recipe) -> float | None:
    """The learning rate; None for a rule that has none of its own."""
    value = settings(recipe)[1].get("lr")
    return float(value) if value is not None else None


def nearest_power(factor: float) -> int:
    """The power of ten nearest to a factor, from 10 to 10,000."""
    return int(10 ** min(4, max(1, round(math.log10(factor))))) if 0 < factor < math.inf else 10


def power_above(factor: float) -> int:
    """The least power of ten that is no smaller than a factor, from 10 to 10,000."""
    return int(10 ** min(4, max(1, math.ceil(math.log10(factor) - 1e-9)))) if 0 < factor < math.inf else 10


def scaled_rate(recipe: Recipe, factor: float) -> Recipe | None:
    """The recipe with its learning rate multiplied."""
    name, options = settings(recipe)
    if options.get("lr") is None:
        return None
    scaled = float(re.sub(r"\.?0+e", "e", f"{options['lr'] * factor:.6e}"))  # 0.1 × 10 is 1, not 1.0000000000000002
    if isinstance(recipe.optimizer, Spec):
        return recipe.change(optimizer=recipe.optimizer.replace(lr=scaled))
    return recipe.change(optimizer=Spec(name, {**options, "lr": scaled}))
