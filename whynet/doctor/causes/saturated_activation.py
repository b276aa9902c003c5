"""The units sit on the flat ends of their activation, where nothing they are told changes anything."""

from __future__ import annotations

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import at_end, at_start
from whynet.doctor.facts.units import flattened
from whynet.doctor.surgery import with_activation, with_norm
from whynet.registry import register
from whynet.text import Text

MOSTLY, HARDLY = 0.5, 0.1  # share of a layer's answers on the flat ends


@register(
    "cause",
    year=2010,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp (1998); Glorot and Bengio (2010)",
    en="Most answers of a layer lie on the flat ends of its sigmoid or tanh, where the gradient is nearly zero.",
    ko="한 층의 출력 대부분이 시그모이드(sigmoid)나 tanh의 평평한 끝에 있어 기울기(gradient)가 거의 0이다.",
)
class SaturatedActivation(Cause):
    """Share of answers with f'(z) < 0.05 · max f': |z| > 4.4 for a sigmoid, 2.2 for tanh.

    With z of spread one, as standardised inputs and Xavier's rule make it (Glorot and Bengio 2010), a sigmoid has 0.001 % of its answers
    there and a tanh 3 %; below a tenth speaks against. Where half or more of a layer's answers lie there, what comes back through the
    layer is less than half of what it would be, and the units that lie there for all examples do not learn. Flat ends reached in
    training are weaker a sign than flat ends at the start: a network that is sure of its answers gets there, too. Weights that begin
    too wide lead there, so it is their initialisation that is blamed where mending that helps.
    """

    name = "saturated-activation"
    title = Text("saturated activations", "포화된 활성화 함수(saturated activation)")
    explanation = Text(
        "Far from zero a sigmoid or tanh is flat. Inputs or weights that are too large push units out there: they answer all or "
        "nothing, and the gradient that should bring them back is multiplied by nearly zero.",
        "시그모이드나 tanh는 0에서 멀어지면 평평하다. 입력이나 가중치가 너무 크면 유닛이 그곳으로 밀려나 전부 아니면 전무로만 답하고, "
        "되돌려야 할 기울기에는 0에 가까운 수가 곱해진다.",
    )
    place = "network"
    follows = ("bad-initialization",)
    question = "activations"

    def look(self, seen: Examination) -> Suspicion:
        before = max(flattened(at_start(seen)), key=lambda one: one.share, default=None)
        after = max(flattened(at_end(seen)), key=lambda one: one.share, default=None)
        evidence = []
        for what, worst in ((_BEFORE, before), (_AFTER, after)):
            if worst is not None:
                speaks: Speaks = "for" if worst.share >= MOSTLY else "against" if worst.share < HARDLY else "neither"
                evidence.append(Evidence(what, _IN.fill(share=worst.share, layer=worst.layer), _FEW, speaks))
        flat = [one for one in evidence if one.speaks == "for"]
        if not flat:
            return Suspicion(self, evidence, 0.0)
        return Suspicion(self, flat, 0.8 if before is not None and before.share >= MOSTLY else 0.5)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [
            Remedy(Text("ReLU instead", "대신 ReLU"), lambda r: with_activation(r, "relu")),
            Remedy(Text("batch normalisation", "배치 정규화(batch normalisation)"), lambda r: with_norm(r, "batch")),
            Remedy(Text("Xavier initialisation", "Xavier 초기화"), lambda r: r.change(init="xavier")),
        ]


_BEFORE = Text("answers of a layer on its flat ends, before training", "학습 전에 평평한 끝에 있는 한 층의 출력")
_AFTER = Text("the same after training", "학습 뒤에 그런 출력")
_IN = Text("{share:.0%} in {layer}", "{layer}에서 {share:.0%}")
_FEW = Text("below 10 %", "10 % 미만")
