"""The initial weights make the signal swell or die on its way through the layers."""

from __future__ import annotations

import math

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.spread import spreads
from whynet.registry import register
from whynet.text import Text

FAR_ABOVE, ABOVE = 10.0, 5.0  # spread of the weights times √fan_in
BELOW = 0.2  # a third of torch's own rule, which has 0.58
FADED = 1e-3  # what is left of a signal of size one behind the last hidden layer


@register(
    "cause",
    year=2010,
    source="Glorot and Bengio (2010); He, Zhang, Ren and Sun (2015)",
    en="The initial weights are spread so widely, or so narrowly, that each layer multiplies the signal or all but loses it.",
    ko="초기 가중치의 폭이 너무 넓거나 너무 좁아 층마다 신호가 부풀거나 거의 사라진다.",
)
class BadInitialization(Cause):
    """σ_w · √fan_in far from 1: Var(z) = fan_in · σ_w² · E[x²], so a layer multiplies the size of what it is given by σ_w · √fan_in.

    Xavier's rule makes that about 1 (Glorot and Bengio 2010), He's √2 before a ReLU, which drops half of it (He et al. 2015), torch's own
    0.58. Signs: a layer above 10, where two thirds of the sigmoids fed with standardised inputs lie on their flat ends (|z| > 4.4)
    and a ReLU layer makes ten of one; or hidden layers which, with at least one below 0.2, leave less than a thousandth of the
    signal behind the last of them: with such a start a 30-layer network stood still (He et al. 2015, section 2.2). All between 0.2 and 5
    speaks against. Weights that are all equal are another cause, and a last layer may begin as small as it likes.
    """

    name = "bad-initialization"
    title = Text("initial weights too large or too small", "너무 크거나 작은 초기 가중치")
    explanation = Text(
        "Every layer multiplies the size of the signal. With weights of the wrong size, answers begin huge and sigmoids flat, or all "
        "examples look alike before the last layer is reached.",
        "층마다 신호의 크기가 곱해진다. 가중치의 크기가 맞지 않으면 처음부터 출력이 매우 크고 시그모이드(sigmoid)는 평평해지거나, "
        "마지막 층에 닿기 전에 모든 예제가 똑같아 보인다.",
    )
    place = "network"
    question = "initialisation"

    def look(self, seen: Examination) -> Suspicion:
        found = [one for one in spreads(seen) if not one.constant]
        if not found:
            return Suspicion(self, [], 0.0)
        largest = max(found, key=lambda one: one.gain)
        hidden = [one for one in found if not one.last]
        left = math.prod(one.gain / one.usual for one in hidden)
        small = bool(hidden) and left < FADED and min(one.gain for one in hidden) < BELOW
        fits = largest.gain <= ABOVE and all(one.gain >= BELOW for one in hidden)
        swells = largest.gain > FAR_ABOVE
        evidence = [Evidence(_LARGEST, _IN.fill(v=largest.gain, layer=largest.layer), _ONE, _speaks(swells, fits))]
        if hidden:
            least = min(hidden, key=lambda one: one.gain)
            evidence.append(Evidence(_LEAST, _IN.fill(v=least.gain, layer=least.layer), _ONE, _speaks(small, fits)))
        if swells or small:
            return Suspicion(self, [one for one in evidence if one.speaks == "for"], 0.9)
        return Suspicion(self, evidence, 0.0 if fits else 0.2)

    def remedies(self, seen: Examination) -> list[Remedy]:
        he = Remedy(Text("He initialisation", "He 초기화"), lambda r: r.change(init="he"))
        xavier = Remedy(Text("Xavier initialisation", "Xavier 초기화"), lambda r: r.change(init="xavier"))
        return [he, xavier] if any(one.usual > 1 for one in spreads(seen)) else [xavier, he]


def _speaks(wrong: bool, fits: bool) -> Speaks:
    return "for" if wrong else "against" if fits else "neither"


_LARGEST = Text("largest spread of a layer's weights, times √inputs", "층의 가중치 폭에 √입력 수를 곱한 값 가운데 가장 큰 것")
_LEAST = Text("smallest of a hidden layer", "은닉층에서 가장 작은 것")
_IN = Text("{v:.2g} in {layer}", "{layer}에서 {v:.2g}")
_ONE = Text("0.6 to 1.4", "0.6 ~ 1.4")
