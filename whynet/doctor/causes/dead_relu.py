"""Units that answer zero to every example, and therefore never change."""

from __future__ import annotations

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import at_end, at_start
from whynet.doctor.facts.units import silent
from whynet.doctor.surgery import with_hidden_activation
from whynet.registry import register
from whynet.text import Text

DEAD, ALIVE = 0.9, 0.5  # share of a layer's units


@register(
    "cause",
    year=2019,
    source="Lu, Shin, Su and Karniadakis, Dying ReLU and initialization (2019); Maas, Hannun and Ng (2013)",
    en="Nearly all ReLUs of a layer answer zero to every example: nothing passes, and no gradient comes back to revive them.",
    ko="한 층의 ReLU가 거의 모두 어떤 예제에도 0을 내놓는다. 지나가는 것도 없고, 되살릴 기울기(gradient)도 돌아오지 않는다.",
)
class DeadReLU(Cause):
    """max over examples of relu(z) = 0: the unit's gradient is zero for every example, so no step changes it.

    A unit behind a symmetric start answers half of the examples. Some units die in any ReLU network and are not missed; with half of
    them alive a layer still has half its width, which speaks against. With nine tenths of a layer silent it passes on next to nothing. A
    layer that is silent altogether before training began makes the network a constant, by any data and any rate (Lu et al. 2019): that
    is a proof. Where units died only in training, a leaky slope or another start has to mend it; if neither does, what killed
    them is the cause (steps that are too long, above all).
    """

    name = "dead-relu"
    title = Text("dead ReLUs", "죽은 ReLU(dead ReLU)")
    explanation = Text(
        "A ReLU is zero for everything below its corner, and so is its slope. A unit pushed there for all examples gets no gradient "
        "and never returns; a layer of such units is a wall.",
        "ReLU는 꺾이는 점 아래에서 값도 기울기도 0이다. 모든 예제가 그 아래로 밀려난 유닛은 기울기를 받지 못해 돌아오지 못하고, "
        "그런 유닛만 있는 층은 벽이 된다.",
    )
    place = "network"
    question = "activations"

    def look(self, seen: Examination) -> Suspicion:
        before = max(silent(at_start(seen)), key=lambda one: one.share, default=None)
        after = max(silent(at_end(seen)), key=lambda one: one.share, default=None)
        evidence = []
        for what, worst in ((_BEFORE, before), (_AFTER, after)):
            if worst is not None:
                speaks: Speaks = "for" if worst.share >= DEAD else "against" if worst.share <= ALIVE else "neither"
                evidence.append(Evidence(what, _IN.fill(share=worst.share, layer=worst.layer), _FEW, speaks))
        dead = [one for one in evidence if one.speaks == "for"]
        if not dead:
            return Suspicion(self, evidence, 0.0)
        return Suspicion(self, dead, 1.0, proved=before is not None and before.share == 1.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [
            Remedy(Text("leaky ReLU", "새는 ReLU(leaky ReLU)"), lambda r: with_hidden_activation(r, "leaky_relu")),
            Remedy(Text("He initialisation", "He 초기화"), lambda r: r.change(init="he")),
        ]


_BEFORE = Text("units of a layer silent for every example, before training", "학습 전에 어떤 예제에도 0을 내는 한 층의 유닛")
_AFTER = Text("the same after training", "학습 뒤에 그런 유닛")
_IN = Text("{share:.0%} in {layer}", "{layer}에서 {share:.0%}")
_FEW = Text("below 50 %", "50 % 미만")
