"""The gradient dies on its way to the first layers."""

from __future__ import annotations

from typing import Any

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion, strength
from whynet.doctor.examination import Examination
from whynet.doctor.surgery import SATURATING, shallower, with_activation, with_norm, with_skip
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain

DEAD, ALIVE = 1e-3, 0.1  # gradient norm of the first layer over the last
NONE = 1e-10  # gradient norm of the last layer: nothing but rounding


@register(
    "cause",
    year=1991,
    source="Hochreiter (1991); Bengio, Simard and Frasconi (1994); Glorot and Bengio (2010)",
    en="The gradient shrinks with every layer it passes on its way back, so the first layers do not learn.",
    ko="기울기(gradient)가 뒤로 전해지며 층마다 작아져 앞쪽 층이 학습하지 못한다.",
)
class VanishingGradient(Cause):
    """‖g₁‖ / ‖g_L‖ ≪ 1 at the start.

    A sigmoid's slope is at most 1/4, so each sigmoid layer multiplies the gradient by at most 1/4 of the weights' gain. With gains
    kept at one (Glorot and Bengio 2010; He et al. 2015) first and last layer stay within an order of magnitude: 0.1 to 10 is expected.
    Below 10⁻³ the first layer needs a thousand times the steps of the last, more than any training here has.
    """

    name = "vanishing-gradient"
    title = Text("vanishing gradient", "기울기 소실(vanishing gradient)")
    explanation = Text(
        "On the way back through the layers the gradient is multiplied once per layer. Where each factor is well below one, little or "
        "nothing reaches the first layers: they keep their random weights, and what they pass forward is the same for every input.",
        "기울기는 층을 거꾸로 지날 때마다 어떤 수와 곱해진다. 그 수가 1보다 많이 작으면 앞쪽 층에는 거의 아무것도 도달하지 않는다. "
        "앞쪽 층의 가중치는 처음의 무작위 값 그대로이고, 어떤 입력이 들어와도 같은 것을 내보낸다.",
    )
    place = "network"
    question = "vanishing-gradient"

    def look(self, seen: Examination) -> Suspicion:
        norms = list(seen.early("gradient_norm").values())
        evidence = []
        if norms and norms[-1] < NONE:  # the loss asks for nothing: that is not lost on the way
            return Suspicion(self, [], 0.0)
        if len(norms) >= 2:
            ratio = norms[0] / norms[-1]
            speaks: Speaks = "for" if ratio < DEAD else "against" if ratio >= ALIVE else "neither"
            what = _RATIO.fill(last=len(norms))
            evidence.append(Evidence(what, plain(f"{ratio:.1g}"), _TENTH, speaks))
        spreads = list(seen.early("activation_spread").values())
        if len(spreads) >= 3 and spreads[0] > 0:
            share = spreads[-1] / spreads[0]
            evidence.append(Evidence(_SPREAD, plain(f"{share:.1g}"), _TENTH_SHARE, "for" if share < DEAD else "neither"))
        kinds = set(seen.fitted.arm.network.kinds.values())
        names = [name for name, kind in SATURATING.items() if kind.__name__ in kinds]
        if names and len(norms) > 4:
            evidence.append(Evidence(_FLAT.fill(names=", ".join(names)), plain(f"{len(norms)}"), _FEW, "neither"))
        likely = strength(evidence)
        return Suspicion(self, evidence, 0.0 if len(norms) < 3 else likely)

    def remedies(self, seen: Examination) -> list[Remedy]:
        def relu_he(recipe: Recipe) -> Recipe | None:
            changed: Any = with_activation(recipe, "relu")
            return changed.change(init="he") if changed else None

        direct = [
            Remedy(Text("batch normalisation", "배치 정규화(batch normalisation)"), lambda r: with_norm(r, "batch")),
            Remedy(Text("layer normalisation", "층 정규화(layer normalisation)"), lambda r: with_norm(r, "layer")),
            Remedy(Text("skip connections", "스킵 연결(skip connection)"), with_skip),
        ]
        if self.look(seen).speaks != "for":  # hardly suspected: what would help at once has to do
            return direct
        return [
            *direct,
            Remedy(Text("relu alone", "ReLU만"), lambda r: with_activation(r, "relu")),
            Remedy(Text("relu with He", "ReLU와 He 초기화"), relu_he, changes=2),
            Remedy(Text("Xavier alone", "Xavier 초기화만"), lambda r: r.change(init="xavier") if r.init is None else None),
            Remedy(Text("two hidden layers", "은닉층 두 개로"), shallower),
        ]


_RATIO = Text(
    "gradient of layer 1 over that of layer {last}",
    "1번 층의 기울기를 {last}번 층의 기울기로 나눈 값",
)
_TENTH = Text("0.1 to 10", "0.1 ~ 10")
_SPREAD = Text(
    "how much the last hidden layer still tells examples apart, over the first",
    "마지막 은닉층이 예제를 구별하는 정도를 첫 은닉층과 비교한 값",
)
_TENTH_SHARE = Text("above 0.1", "0.1 이상")
_FLAT = Text("layers, with {names} between them", "{names:을} 사이에 둔 층의 수")
_FEW = Text("few, or activations that do not flatten", "적은 수, 또는 평평해지지 않는 활성화 함수")
