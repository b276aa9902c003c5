"""The gradient grows with every layer on its way to the first."""

from __future__ import annotations

import math

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.signals import first_signals, ratio
from whynet.doctor.surgery import with_norm
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain

EXPLODED, STEADY = 1e3, 10.0  # ‖∂L/∂z‖ of the first layer over the last
FEW = 3  # layers between which a gradient can grow by multiplication


@register(
    "cause",
    year=1994,
    source="Bengio, Simard and Frasconi (1994); Pascanu, Mikolov and Bengio (2013)",
    en="The gradient is multiplied by more than one in every layer, until steps are so long that the loss is no number any more.",
    ko="기울기(gradient)가 층마다 1보다 큰 수와 곱해져, 끝내 걸음이 너무 길어지고 손실이 수가 아니게 된다.",
)
class ExplodingGradient(Cause):
    """‖∂L/∂z₁‖ / ‖∂L/∂z_L‖ ≫ 1 before training, over three layers or more.

    What is measured is the gradient of what the layers answer, not of their weights: that one also is as long as the layer's inputs,
    and unscaled inputs are another cause. With gains of one the length stays within an order of magnitude (Glorot and Bengio 2010; He et
    al. 2015); a thousand mirrors the bound of the vanishing gradient: no rate suits both the first layer and the last. A loss that
    became infinite fits, and fits steps that are too long as well, so alone it says nothing.
    """

    name = "exploding-gradient"
    title = Text("exploding gradient", "기울기 폭발(exploding gradient)")
    explanation = Text(
        "On the way back through the layers the gradient is multiplied once per layer. Where each factor is above one, the first layers "
        "get a gradient many times that of the last, and one step throws the weights out of reach.",
        "기울기는 층을 거꾸로 지날 때마다 어떤 수와 곱해진다. 그 수가 1보다 크면 앞쪽 층의 기울기는 마지막 층의 수천 배가 되고, "
        "걸음 하나로 가중치가 되돌릴 수 없는 곳까지 날아간다.",
    )
    place = "network"
    question = "exploding-gradient"

    def look(self, seen: Examination) -> Suspicion:
        signals = first_signals(seen)
        if len(signals) < FEW:
            return Suspicion(self, [], 0.0)
        grown = ratio([one.backward for one in signals])
        speaks: Speaks = "neither"
        if math.isfinite(grown):
            speaks = "for" if grown > EXPLODED else "against" if grown <= STEADY else "neither"
        evidence = [Evidence(_RATIO.fill(last=len(signals)), plain(f"{grown:.1g}"), _TENTH, speaks)]
        if seen.diverged:
            evidence.append(Evidence(_LOSS, seen.fitted.outcome.why or plain("NaN"), _NUMBER, "neither"))
        return Suspicion(self, evidence, 1.0 if speaks == "for" else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        def clipped(recipe: Recipe) -> Recipe | None:
            return recipe.change(clip="norm(most=1.0)") if recipe.clip is None else None

        return [
            Remedy(Text("gradients clipped to length 1", "길이 1로 기울기 클리핑(gradient clipping)"), clipped),
            Remedy(Text("Xavier initialisation", "Xavier 초기화"), lambda r: r.change(init="xavier")),
            Remedy(Text("batch normalisation", "배치 정규화(batch normalisation)"), lambda r: with_norm(r, "batch")),
        ]


_RATIO = Text(
    "gradient of what layer 1 answers over that of layer {last}", "1번 층 출력의 기울기를 {last}번 층 출력의 기울기로 나눈 값"
)
_TENTH = Text("0.1 to 10", "0.1 ~ 10")
_LOSS = Text("the loss", "손실")
_NUMBER = Text("a finite number", "유한한 수")
