"""An activation between the layers that is not made for that place."""

from __future__ import annotations

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import Between, at_start
from whynet.doctor.facts.gradient import first_gradient
from whynet.doctor.surgery import with_hidden_activation
from whynet.registry import register
from whynet.text import Text, plain

SHARING = ("Softmax", "LogSoftmax", "Softmax2d", "Softmin")


@register(
    "cause",
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp (1998); Glorot and Bengio (2010)",
    en="A function that belongs after the last layer, or one without a slope, stands between the layers.",
    ko="마지막 층 뒤에 놓을 함수나 기울기가 없는 함수가 층 사이에 있다.",
)
class WrongHiddenActivation(Cause):
    """A softmax between layers, or a function whose slope is zero everywhere.

    A softmax hands on n numbers that sum to 1: about 1/n each, where the next layer expects spread one, and what one unit gains the
    others lose, so a layer of n units is one choice among n. A step passes no gradient: where ∂L/∂w is exactly zero before it and is
    not behind it, that is proved. Sigmoid and tanh are fit for a few layers, and what many of them do is another cause.
    """

    name = "wrong-hidden-activation"
    title = Text("activation unfit for a hidden layer", "은닉층에 맞지 않는 활성화 함수")
    explanation = Text(
        "Hidden units should each report something of their own, with a slope to learn by. A softmax makes them share a single 1, "
        "and a step has no slope.",
        "은닉 유닛은 저마다 다른 것을 알려야 하고, 배울 수 있도록 기울기가 있어야 한다. 소프트맥스(softmax)는 유닛들이 1 하나를 나누어 "
        "갖게 하고, 계단 함수에는 기울기가 없다.",
    )
    place = "network"
    question = "activations"

    def look(self, seen: Examination) -> Suspicion:
        places = at_start(seen)
        if not places:
            return Suspicion(self, [], 0.0)
        flat = _without_slope(seen, places)
        sharing = [one for one in places if one.activation in SHARING]
        kinds = ", ".join(dict.fromkeys(one.activation or "-" for one in places))
        evidence = [Evidence(_KIND, plain(kinds), _USUAL, "for" if sharing or flat else "against")]
        if flat:
            evidence.append(Evidence(_GRADIENT, plain("0"), _MORE, "for"))
        return Suspicion(self, evidence, 1.0 if sharing or flat else 0.0, proved=bool(flat))

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [
            Remedy(Text("ReLU between the layers", "층 사이에 ReLU"), lambda r: with_hidden_activation(r, "relu")),
            Remedy(Text("tanh between the layers", "층 사이에 tanh"), lambda r: with_hidden_activation(r, "tanh")),
        ]


def _without_slope(seen: Examination, places: list[Between]) -> bool:
    """Whether a hidden activation that answers differently to different inputs lets no gradient through at all."""
    telling = [one for one in places if one.activation not in (None, "ReLU") and float(one.after.std(0).max()) > 0]
    gradient = first_gradient(seen)
    return any(
        not gradient[f"{one.layer}.weight"].any() and bool(gradient[f"{one.then}.weight"].any())
        for one in telling
        if {f"{one.layer}.weight", f"{one.then}.weight"} <= set(gradient)
    )


_KIND = Text("between the layers", "층 사이의 함수")
_USUAL = Text("ReLU and its kin, tanh, sigmoid", "ReLU 계열, tanh, 시그모이드")
_GRADIENT = Text("gradient before it, while there is one behind it", "뒤쪽에는 있는 기울기가 앞쪽에 도달하는 양")
_MORE = Text("above 0", "0보다 큼")
