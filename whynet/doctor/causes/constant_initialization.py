"""All units of a layer begin as copies of each other, and nothing tells them apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import at_start
from whynet.doctor.facts.gradient import first_gradient
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text

EQUAL = 1e-5  # of the largest entry: gradients of copies are sums of the same numbers, equal but for rounding


@register(
    "cause",
    year=2016,
    source="Goodfellow, Bengio and Courville, Deep Learning, section 8.4 (2016)",
    en="All units of a hidden layer begin with the same weights and get the same gradient, so they stay one unit for ever.",
    ko="은닉층의 모든 유닛이 같은 가중치로 시작해 같은 기울기(gradient)를 받으므로 언제까지나 유닛 하나와 같다.",
)
class ConstantInitialization(Cause):
    """wᵢ = wⱼ and ∂L/∂wᵢ = ∂L/∂wⱼ for all units i, j of a hidden layer.

    Then every update is the same for both, by any rule that treats weights alike, and the layer is worth one unit. Both are compared
    number by number, so this is a proof, unless dropout or noise gives the copies different gradients by chance. Equal weights
    alone do not harm: where the layer behind weighs the units differently, their gradients differ and they part at once. A network
    without a hidden layer may begin at zero, and so may the last layer. Of layers that a user wrote, where it is not known which axis
    counts the units, the matrix has to hold one number alone, and its gradient to be alike along either axis.
    """

    name = "constant-initialization"
    title = Text("constant initialisation", "상수 초기화(constant initialisation)")
    explanation = Text(
        "Units that begin alike are corrected alike: whatever one learns, all learn. The layer has many units and the power of one.",
        "똑같이 시작한 유닛은 똑같이 고쳐진다. 하나가 배우는 것을 모두가 배울 뿐이다. 유닛이 많아도 하나만 한 힘밖에 없다.",
    )
    place = "network"
    question = "initialisation"

    def look(self, seen: Examination) -> Suspicion:
        weights = seen.fitted.arm.network.unpack(seen.fitted.arm.network.initial)
        hidden = list(dict.fromkeys(one.layer for one in at_start(seen)))
        alike = [layer for layer in hidden if _copies(weights, layer)]
        own = _matrices(weights, hidden)
        hidden, alike = hidden + own, alike + [name for name in own if _one_number(weights[name])]
        if not alike:
            shown = _OF.fill(n=0, all=len(hidden))
            return Suspicion(self, [Evidence(_LAYERS, shown, _NONE, "against")] if hidden else [], 0.0)
        gradient = first_gradient(seen)
        stay = [one for one in alike if (_alike_somehow(gradient[one]) if one in own else _copies(gradient, one, EQUAL))]
        evidence = [
            Evidence(_LAYERS, _OF.fill(n=len(alike), all=len(hidden)), _NONE, "for" if stay else "neither"),
            Evidence(_GRADIENTS, _OF.fill(n=len(stay), all=len(hidden)), _NONE, "for" if stay else "against"),
        ]
        by_chance = bool(seen.fitted.arm.network.rates)
        return Suspicion(self, evidence, 0.0 if not stay else 0.8 if by_chance else 1.0, proved=bool(stay) and not by_chance)

    def remedies(self, seen: Examination) -> list[Remedy]:
        rectified = any(one.activation in ("ReLU", "LeakyReLU", None) for one in at_start(seen))
        he = Remedy(Text("He initialisation", "He 초기화"), lambda r: _begun(r, "he"))
        xavier = Remedy(Text("Xavier initialisation", "Xavier 초기화"), lambda r: _begun(r, "xavier"))
        return [he, xavier] if rectified else [xavier, he]


def _begun(recipe: Recipe, init: str) -> Recipe | None:
    return recipe.change(init=init)


def _copies(values: dict[str, Tensor], layer: str, close: float = 0.0) -> bool:
    """Whether all units of a layer hold the same numbers."""
    own = [values[name] for name in (f"{layer}.weight", f"{layer}.bias") if name in values]
    if not own or len(own[0]) < 2:
        return False
    return all(bool(((one - one[:1]).abs() <= close * torch.clamp(one.abs().max(), min=1e-30)).all()) for one in own)


def _matrices(weights: dict[str, Tensor], known: Sequence[str]) -> list[str]:
    """The matrices of layers that a user wrote, but for the last."""
    every = [name for name, value in weights.items() if value.ndim == 2 and min(value.shape) > 1]
    return [name for name in every[:-1] if name.removesuffix(".weight") not in known] if not known else []


def _one_number(value: Tensor) -> bool:
    return bool((value == value.flatten()[0]).all())


def _alike_somehow(gradient: Tensor) -> bool:
    """Whether all rows are equal, or all columns, rounding aside."""
    close = EQUAL * torch.clamp(gradient.abs().max(), min=1e-30)
    return any(bool(((gradient - gradient.narrow(axis, 0, 1)).abs() <= close).all()) for axis in (0, 1))


_LAYERS = Text("hidden layers whose units all begin with the same weights", "모든 유닛이 같은 가중치로 시작하는 은닉층")
_GRADIENTS = Text("hidden layers whose units all get the same first gradient", "모든 유닛의 첫 기울기가 같은 은닉층")
_OF = Text("{n} of {all}", "{all}개 가운데 {n}개")
_NONE = Text("none", "없음")
