"""Where the weights begin.

A layer's weights come from a stream of its own, named by the seed, the layer's type and its number among the layers of that
type. So two networks that differ by a batch norm, a dropout or a last layer begin with the same weights everywhere else, and
a comparison of initialisations draws the same random numbers at different scales.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from whynet.registry import Range, make, register
from whynet.rng import derive, generator
from whynet.spec import Spec

Distribution = Literal["normal", "uniform"]

NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)  # always begin at scale 1, shift 0


def initialise(model: nn.Module, init: Spec | None, seed: int) -> None:
    """Draw all weights anew, in place: each layer by torch's own rule and then, where ``init`` is given, by that.

    An ``init`` redraws the weights of two or more dimensions and sets the biases beside them to zero; norm layers stay at 1 and
    0, and so does an embedding's padding row. Parameters that a module without ``reset_parameters`` made for itself are drawn
    only by an ``init``. Numbers are drawn on the CPU, so that a seed means the same on every device; the global random state
    is left as it was. Raises `UnknownNameError` or `OptionError` for an ``init`` that is none.
    """
    rule: Init = make("init", init if init is not None else Spec("default"))
    if any(parameter.device.type != "cpu" for parameter in model.parameters()):
        twin = copy.deepcopy(model).cpu()
        initialise(twin, init, seed)
        model.load_state_dict(twin.state_dict())
        return
    with torch.no_grad():
        for module, place in reversed(list(_places(model))):  # parts before the whole, which may have the last word on them
            _reset(module, derive(seed, "init", *place))
        if not isinstance(rule, Default):
            for module, place in _places(model):
                _apply(rule, module, generator(seed, "init", *place))


def permuted(model: nn.Module, seed: int) -> None:
    """Shuffle the entries of each weight tensor, in place; the caller copies a network that is not its own.

    It gives a user's own network another start without knowing how it was initialised: whatever distribution its author
    chose, the shuffled entries have it too, and constants (zero biases, norm scales of 1) stay constant. What lies in the
    order of the entries (orthogonal rows, pretrained weights) is lost.
    """
    with torch.no_grad():
        for module, place in _places(model):
            for name, parameter in module.named_parameters(recurse=False):
                places = _movable(module, parameter)
                order = torch.randperm(len(places), generator=generator(seed, "init", *place, name))
                entries = parameter.flatten()
                parameter.copy_(entries.index_copy(0, places, entries[places[order.to(places.device)]]).view_as(parameter))


def _movable(module: nn.Module, parameter: Tensor) -> Tensor:
    """The entries that may change places: all, but for the padding row of an embedding, which is zero for good."""
    places = torch.arange(parameter.numel()).view(parameter.shape)
    if isinstance(module, nn.Embedding) and module.padding_idx is not None:
        places = torch.cat([places[: module.padding_idx], places[module.padding_idx + 1 :]])
    return places.flatten().to(parameter.device)


def _places(model: nn.Module) -> Iterator[tuple[nn.Module, tuple[str, int]]]:
    """Each module with the name of its stream: its type, and its number among the modules of that type."""
    seen: Counter[str] = Counter()
    for module in model.modules():
        kind = type(module).__name__
        yield module, (kind, seen[kind])
        seen[kind] += 1


def _reset(module: nn.Module, seed: int) -> None:
    own = "_reset_parameters" if isinstance(module, nn.MultiheadAttention) else "reset_parameters"
    reset = getattr(module, own, None)
    if callable(reset):
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            reset()


def _apply(rule: Init, module: nn.Module, stream: torch.Generator) -> None:
    own = dict(module.named_parameters(recurse=False))
    if isinstance(module, NORMS) or all(parameter.ndim < 2 for parameter in own.values()):
        return
    for name, parameter in own.items():
        if parameter.ndim >= 2:
            rule(parameter, stream)
        elif "bias" in name:
            parameter.zero_()
    if isinstance(module, nn.Embedding) and module.padding_idx is not None:
        module.weight[module.padding_idx] = 0


# --- the rules -------------------------------------------------------------------------------------------------------


class Init(ABC):
    """An initialisation is a frozen dataclass that fills a weight of two or more dimensions in place, drawing on a stream."""

    @abstractmethod
    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        """Fill the weight, of shape (out, in, *kernel)."""


def fans(weight: Tensor) -> tuple[int, int]:
    """How many numbers one output sums up, and in how many outputs one input takes part: fan_in, fan_out.

    For a weight of shape (out, in, *kernel), as torch counts: in × kernel and out × kernel.
    """
    kernel = math.prod(weight.shape[2:])
    return weight.shape[1] * kernel, weight.shape[0] * kernel


def _draw(weight: Tensor, std: float, distribution: Distribution, stream: torch.Generator) -> None:
    """Fill with numbers of mean 0 and the given standard deviation."""
    if distribution == "normal":
        weight.normal_(0, std, generator=stream)
    else:
        bound = math.sqrt(3) * std
        weight.uniform_(-bound, bound, generator=stream)


@register(
    "init",
    en="What torch does with each layer by itself: for linear layers and convolutions uniform within 1/√fan_in.",
    ko="torch가 층마다 스스로 하는 방식이다. 선형층과 합성곱층은 ±1/√fan_in 사이의 균등 분포에서 뽑는다.",
)
@dataclass(frozen=True)
class Default(Init):
    """``W ~`` the layer's own ``reset_parameters()``: for linear and convolution ``U(-1/√fan_in, 1/√fan_in)``, biases too."""

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        """Leave the weight as the layer drew it."""


@register(
    "init",
    en="All weights zero: every unit of a layer computes the same and learns the same, so the layer stays one unit wide.",
    ko="모든 가중치가 0이다. 한 층의 유닛이 모두 같은 값을 내고 똑같이 배우므로 유닛이 하나인 것과 같다.",
)
@dataclass(frozen=True)
class Zeros(Init):
    """``W = 0``"""

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        weight.zero_()


@register(
    "init",
    en="All weights one value: nothing tells the units of a layer apart, and gradient descent never will.",
    ko="모든 가중치가 같은 값이다. 한 층의 유닛을 구별할 것이 없고, 경사 하강법(gradient descent)도 구별해 주지 못한다.",
)
@dataclass(frozen=True)
class Constant(Init):
    """``W = value``"""

    value: float = 0.01

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        weight.fill_(self.value)


@register(
    "init",
    year=2012,
    source="Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks (std 0.01)",
    en="The same normal distribution for every layer: too narrow and signals fade with depth, too wide and they explode.",
    ko="모든 층에 같은 정규 분포를 쓴다. 너무 좁으면 깊은 곳의 신호가 사라지고, 너무 넓으면 포화하거나 폭발한다.",
)
@dataclass(frozen=True)
class Normal(Init):
    """``W ~ N(0, std²)``"""

    std: Annotated[float, Range(least=0)] = 0.01

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        _draw(weight, self.std, "normal", stream)


@register(
    "init",
    year=1986,
    source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors (bound 0.3)",
    en="The same uniform distribution for every layer, whatever its width.",
    ko="층의 너비와 상관없이 모든 층에 같은 균등 분포를 쓴다.",
)
@dataclass(frozen=True)
class Uniform(Init):
    """``W ~ U(-bound, bound)``"""

    bound: Annotated[float, Range(least=0)] = 0.3

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        weight.uniform_(-self.bound, self.bound, generator=stream)


@register(
    "init",
    year=2010,
    source="Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks",
    en="As wide as keeps the variance of signals and of gradients through a linear or tanh layer: between fan_in and fan_out.",
    ko="선형이나 tanh 층을 지나도 신호와 기울기의 분산이 유지되는 너비다. fan_in과 fan_out의 평균으로 정한다.",
)
@dataclass(frozen=True)
class Xavier(Init):
    """``Var W = gain² · 2 / (fan_in + fan_out)``"""

    gain: Annotated[float, Range(above=0)] = 1.0
    distribution: Distribution = "uniform"

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        _draw(weight, self.gain * math.sqrt(2 / sum(fans(weight))), self.distribution, stream)


@register(
    "init",
    year=2015,
    source="He, Zhang, Ren and Sun, Delving deep into rectifiers",
    en="Twice the variance, since relu silences half of it: signals keep their size through any depth of relu layers.",
    ko="relu가 절반을 0으로 만들므로 분산을 두 배로 한다. relu 층을 많이 쌓아도 신호의 크기가 유지된다.",
)
@dataclass(frozen=True)
class He(Init):
    """``Var W = 2 / fan_in``"""

    distribution: Distribution = "normal"

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        _draw(weight, math.sqrt(2 / fans(weight)[0]), self.distribution, stream)


@register(
    "init",
    name="lecun",
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp",
    en="A sum of fan_in terms keeps the variance of one: right for layers whose activation is near the identity, and for selu.",
    ko="항 fan_in개의 합이 항 하나의 분산을 유지한다. 활성화가 항등 함수에 가까운 층과 selu에 맞는다.",
)
@dataclass(frozen=True)
class LeCun(Init):
    """``Var W = 1 / fan_in``"""

    distribution: Distribution = "normal"

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        _draw(weight, math.sqrt(1 / fans(weight)[0]), self.distribution, stream)


@register(
    "init",
    year=2014,
    source="Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear networks",
    en="Rotations only: no direction is stretched or lost, so even very deep linear networks learn at a depth-free pace.",
    ko="회전만 한다. 늘어나거나 사라지는 방향이 없으므로 아주 깊은 선형 네트워크도 깊이와 상관없는 속도로 배운다.",
)
@dataclass(frozen=True)
class Orthogonal(Init):
    """``W Wᵀ = gain² I`` (or ``Wᵀ W``, whichever is smaller), W as a matrix of shape (out, in × kernel)."""

    gain: Annotated[float, Range(above=0)] = 1.0

    def __call__(self, weight: Tensor, stream: torch.Generator) -> None:
        nn.init.orthogonal_(weight, self.gain, generator=stream)
