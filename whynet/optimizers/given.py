"""A user's own ``torch.optim`` optimizer, read and never touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from whynet.errors import RecipeError
from whynet.optimizers.adadelta import Adadelta
from whynet.optimizers.adagrad import Adagrad
from whynet.optimizers.adam import Adam
from whynet.optimizers.adamw import AdamW
from whynet.optimizers.optimizer import Optimizer
from whynet.optimizers.rmsprop import RMSProp
from whynet.optimizers.sgd import SGD
from whynet.text import Text


def from_torch(optimizer: torch.optim.Optimizer) -> Optimizer:
    """The same rule with the same hyper-parameters as a ``torch.optim`` optimizer, at the start of its training.

    Reads ``param_groups`` alone: what it has gathered so far is not taken over, and a scheduler only as far as it has set
    ``lr``. Raises `RecipeError` for a rule or an option that whynet lacks and for groups with different options, and
    `OptionError` for a value out of range.
    """
    name = type(optimizer).__name__
    read = READERS.get(type(optimizer))
    if read is None:
        raise RecipeError(_UNKNOWN, name=name, known=", ".join(known.__name__ for known in READERS))
    first, *others = ({k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups)
    differing = sorted({key for other in others for key in first if not _equal(first[key], other.get(key))})
    if differing:
        raise RecipeError(_GROUPS, name=name, count=len(others) + 1, options=", ".join(differing))
    for option, plain_value in LACKING.items():
        if first.get(option, plain_value) != plain_value:
            raise RecipeError(_OPTION, name=name, option=option, value=first[option], plain=plain_value)
    return read(first)


def _sgd(group: Mapping[str, Any]) -> Optimizer:
    return SGD(float(group["lr"]), _optional(group["momentum"]), bool(group["nesterov"]), _optional(group["weight_decay"]))


def _adagrad(group: Mapping[str, Any]) -> Optimizer:
    return Adagrad(float(group["lr"]), group["eps"], _optional(group["weight_decay"]))


def _adadelta(group: Mapping[str, Any]) -> Optimizer:
    return Adadelta(float(group["lr"]), group["rho"], group["eps"], _optional(group["weight_decay"]))


def _rmsprop(group: Mapping[str, Any]) -> Optimizer:
    momentum, decay = _optional(group["momentum"]), _optional(group["weight_decay"])
    return RMSProp(float(group["lr"]), group["alpha"], group["eps"], momentum, bool(group["centered"]), decay)


def _adam(group: Mapping[str, Any]) -> Optimizer:
    if group.get("decoupled_weight_decay"):  # how torch's own AdamW is written
        return _adamw(group)
    beta1, beta2 = (float(beta) for beta in group["betas"])
    return Adam(float(group["lr"]), beta1, beta2, group["eps"], _optional(group["weight_decay"]))


def _adamw(group: Mapping[str, Any]) -> Optimizer:
    beta1, beta2 = (float(beta) for beta in group["betas"])
    return AdamW(float(group["lr"]), beta1, beta2, group["eps"], float(group["weight_decay"]))


def _optional(value: float) -> float | None:
    """A hyper-parameter that torch switches off with 0, and whynet with None."""
    return float(value) or None


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b)


READERS: Mapping[type, Callable[[Mapping[str, Any]], Optimizer]] = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adamw,
    torch.optim.RMSprop: _rmsprop,
    torch.optim.Adagrad: _adagrad,
    torch.optim.Adadelta: _adadelta,
}
LACKING: Mapping[
    str, Any
] = {  # options of torch that change the rule and that whynet lacks, with the value that switches them off
    "dampening": 0,
    "maximize": False,
    "amsgrad": False,
    "lr_decay": 0,
    "initial_accumulator_value": 0,
}

_UNKNOWN = Text(
    "There is no rule for the optimizer {name}. Known: {known} of torch.optim, each exactly, not a subclass.",
    "옵티마이저(optimizer) {name}에 맞는 규칙이 없다. 쓸 수 있는 것: torch.optim의 {known}. 하위 클래스는 쓸 수 없다.",
)
_GROUPS = Text(
    "The optimizer {name} has {count} parameter groups that differ in {options}. "
    "All weights are trained with one set of options here: give one group, or the same options to each; "
    "other learning rates for other parts are a setting of the recipe, rates={{'stem': 0.1}}.",
    "옵티마이저(optimizer) {name}의 매개변수 그룹 {count}개가 {options}에서 서로 다르다. "
    "여기서는 모든 가중치를 같은 옵션으로 학습한다. 그룹을 하나로 하거나 옵션을 같게 한다. "
    "부분마다 다른 학습률은 레시피의 rates 설정을 쓴다. 예: rates={{'stem': 0.1}}",
)
_OPTION = Text(
    "The optimizer {name} has {option}={value}, which is not supported here. Expected: {option}={plain}.",
    "옵티마이저(optimizer) {name}의 {option}={value:은} 여기서 지원하지 않는다. 쓸 수 있는 값: {option}={plain}.",
)
