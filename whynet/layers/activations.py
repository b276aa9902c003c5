"""Activations: the functions that keep a deep network from collapsing into one matrix.

Without one between them, two linear layers are a single linear layer: W₂(W₁x) = (W₂W₁)x. Each is a layer of its own name
(``relu``, ``leaky_relu(slope=0.1)``), and models take any of them by spec.
"""

from __future__ import annotations

from typing import Annotated

from torch import nn

from whynet.errors import OptionError, nearest
from whynet.registry import Range, get, infos, make, register
from whynet.spec import Spec, parse
from whynet.text import Text

Shape = tuple[int, ...]
Slope = Annotated[float, Range(least=0, below=1)]


def activations() -> list[str]:
    """The names of all activations, sorted."""
    return [info.name for info in infos("layer") if info.facts.get("activation")]


def activation(spec: str | Spec, inputs: Shape) -> nn.Module:
    """The activation a spec names, for examples of shape ``inputs``. Raises `OptionError` where it names another layer."""
    spec = parse(spec)
    if not get("layer", spec.name).facts.get("activation"):
        raise OptionError(_NO_ACTIVATION, name=spec.name, near=nearest(spec.name, activations()))
    module: nn.Module = make("layer", spec, inputs=inputs)
    return module


_NO_ACTIVATION = Text("{name} is a layer but no activation. {near}", "{name:은} 활성화 함수(activation)가 아닌 층이다. {near}")


@register(
    "layer",
    activation=True,
    year=2010,
    source="Nair and Hinton, Rectified linear units improve restricted Boltzmann machines",
    en="max(0, x): passes what is positive; its gradient there is 1, so it does not fade with depth.",
    ko="max(0, x): 양수만 통과시킨다. 그 구간의 기울기가 1이라 깊어져도 사라지지 않는다.",
)
def relu(inputs: Shape) -> nn.Module:
    """max(0, x)."""
    return nn.ReLU()


@register(
    "layer",
    activation=True,
    year=2013,
    source="Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models",
    en="x where positive, slope·x elsewhere: a unit never goes quite silent, so it cannot die.",
    ko="양수면 x, 아니면 slope·x: 유닛이 완전히 꺼지지 않으므로 죽지 않는다.",
)
def leaky_relu(inputs: Shape, slope: Slope = 0.01) -> nn.Module:
    """max(0, x) + slope · min(0, x)."""
    return nn.LeakyReLU(slope)


@register(
    "layer",
    activation=True,
    year=2015,
    source="He, Zhang, Ren and Sun, Delving deep into rectifiers",
    en="Leaky ReLU whose slope for negative inputs is learned.",
    ko="음수 쪽 기울기를 학습하는 Leaky ReLU.",
)
def prelu(inputs: Shape, slope: Slope = 0.25, per_channel: bool = False) -> nn.Module:
    """max(0, x) + a · min(0, x), a learned from ``slope`` on; one a for all, or one for each unit or channel."""
    return nn.PReLU(inputs[0] if per_channel else 1, init=slope)


@register(
    "layer",
    activation=True,
    year=2015,
    source="Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear units",
    en="x where positive, alpha·(e^x - 1) elsewhere: smooth, with outputs that average near zero.",
    ko="양수면 x, 아니면 alpha·(e^x - 1): 매끄럽고 출력의 평균이 0에 가깝다.",
)
def elu(inputs: Shape, alpha: Annotated[float, Range(above=0)] = 1.0) -> nn.Module:
    """x for x > 0, alpha · (exp(x) - 1) elsewhere."""
    return nn.ELU(alpha)


@register(
    "layer",
    activation=True,
    year=2016,
    source="Hendrycks and Gimpel, Gaussian error linear units",
    en="x·Φ(x): x weighted by how likely a normal draw lies below it; the usual choice in Transformers.",
    ko="x·Φ(x): x보다 작은 값이 정규분포에서 나올 확률로 x를 가중한다. 트랜스포머(Transformer)의 표준이다.",
)
def gelu(inputs: Shape) -> nn.Module:
    """x · Φ(x), Φ the distribution function of the standard normal."""
    return nn.GELU()


@register(
    "layer",
    activation=True,
    year=2017,
    source="Elfwing, Uchibe and Doya, Sigmoid-weighted linear units; Ramachandran, Zoph and Le call it Swish",
    en="x·sigmoid(x), also called Swish: a smooth ReLU that dips slightly below zero.",
    ko="x·sigmoid(x), Swish라고도 한다: 0 아래로 살짝 내려가는 매끄러운 ReLU.",
)
def silu(inputs: Shape) -> nn.Module:
    """x · sigmoid(x)."""
    return nn.SiLU()


@register(
    "layer",
    activation=True,
    year=1986,
    source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors",
    en="1/(1 + e^-x), between 0 and 1; its gradient is at most 1/4, so it fades layer by layer.",
    ko="1/(1 + e^-x), 0과 1 사이. 기울기가 최대 1/4이라 층을 지날수록 작아진다.",
)
def sigmoid(inputs: Shape) -> nn.Module:
    """1 / (1 + exp(-x)), in (0, 1)."""
    return nn.Sigmoid()


@register(
    "layer",
    activation=True,
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp",
    en="A sigmoid centred on zero, between -1 and 1, with gradient 1 at the centre.",
    ko="0을 중심으로 -1과 1 사이를 오가는 시그모이드. 중심의 기울기는 1이다.",
)
def tanh(inputs: Shape) -> nn.Module:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), in (-1, 1)."""
    return nn.Tanh()


@register(
    "layer",
    activation=True,
    year=2001,
    source="Dugas, Bengio, Bélisle, Nadeau and Garcia, Incorporating second-order functional knowledge",
    en="log(1 + e^x): a smooth ReLU, always positive.",
    ko="log(1 + e^x): 언제나 양수인 매끄러운 ReLU.",
)
def softplus(inputs: Shape) -> nn.Module:
    """log(1 + exp(x)), in (0, ∞)."""
    return nn.Softplus()


@register(
    "layer",
    activation=True,
    year=1990,
    source="Bridle, Probabilistic interpretation of feedforward classification network outputs",
    en="e^x divided by the sum of all e^x: numbers become probabilities that sum to 1.",
    ko="e^x를 모든 e^x의 합으로 나눈다: 값들이 합이 1인 확률이 된다.",
)
def softmax(inputs: Shape, dim: int = -1) -> nn.Module:
    """exp(x_k) / Σ_j exp(x_j) along one axis; ``dim`` counts the batch axis as 0, -1 is the last."""
    return nn.Softmax(dim)


@register(
    "layer",
    activation=True,
    en="x itself: no activation. Deep networks of it are still only linear.",
    ko="x 그대로: 활성화가 없다. 아무리 깊어도 선형 함수일 뿐이다.",
)
def identity(inputs: Shape) -> nn.Module:
    """The input, unchanged."""
    return nn.Identity()
