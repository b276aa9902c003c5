"""Several linear layers on top of each other are one linear layer, and the task is not linear."""

from __future__ import annotations

from collections.abc import Callable

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion, set_aside
from whynet.doctor.controls.ceiling import ceiling
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import at_start, without_activation
from whynet.doctor.surgery import with_nonlinearity
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text


@register(
    "cause",
    year=1969,
    source="Minsky and Papert, Perceptrons (1969); Leshno, Lin, Pinkus and Schocken (1993)",
    en="No activation stands between the layers, so all of them together are one linear layer, and the data asks for a bend.",
    ko="층 사이에 활성화 함수(activation)가 없어 모든 층이 합쳐 선형 층 하나와 같은데, 데이터는 굽은 함수를 요구한다.",
)
class MissingHiddenNonlinearity(Cause):
    """W₂(W₁x + b₁) + b₂ = Wx + b: without an activation between its layers a network is a linear model, however deep.

    Seen from what every layer is given: what the layer before it put out, on the data and on noise. That is harmless where a linear
    model is all that the data asks for, so it counts only where one is clearly worse than nearest neighbours or trees on the same
    held-out examples (by three standard errors of the paired difference), and is ruled out where it is not worse by one. Clearly worse
    is proof: no weights take the network beyond the best line, and the data hold more. A
    network of which only some layers follow each other directly is bent elsewhere (depthwise convolutions are made so), and not suspected.
    """

    name = "missing-hidden-nonlinearity"
    title = Text("no activation between the layers", "층 사이에 없는 활성화 함수(activation)")
    explanation = Text(
        "A linear function of a linear function is linear. Without a bend between them, more layers add weights but nothing that one "
        "layer could not do: no curve, no corner, no exclusive or.",
        "선형 함수에 선형 함수를 이어 붙여도 선형이다. 사이에 굽은 함수가 없으면 층을 늘려도 가중치만 늘 뿐, "
        "층 하나로 할 수 없던 것은 여전히 할 수 없다. 곡선도, 모서리도, XOR도.",
    )
    place = "network"
    tasks = WHOLE_EXAMPLES
    question = "nonlinearity"

    def look(self, seen: Examination) -> Suspicion:
        places, straight = at_start(seen), without_activation(seen)
        if not places:
            return Suspicion(self, [], 0.0)
        all_straight = len(straight) == len(places)
        shown = _OF.fill(n=len(straight), all=len(places))
        evidence = [Evidence(_PLACES, shown, _NONE, "for" if all_straight else "neither" if straight else "against")]
        if not all_straight:
            return Suspicion(self, evidence, 0.0)
        most = ceiling(seen)
        speaks: Speaks = "for" if most.bends else "against" if most.suffices else "neither"
        evidence.append(Evidence(_CEILING, _BOTH.fill(linear=most.linear, bent=most.bent), _ALIKE, speaks))
        shown_all = set_aside(evidence) if speaks == "against" else evidence
        return Suspicion(self, shown_all, {"for": 1.0, "neither": 0.5, "against": 0.0}[speaks], proved=most.bends)

    def remedies(self, seen: Examination) -> list[Remedy]:
        layers = [one.layer for one in without_activation(seen)]
        headed = "head" in seen.fitted.arm.network.kinds

        def bent(name: str) -> Callable[[Recipe], Recipe | None]:
            return lambda recipe: with_nonlinearity(recipe, layers, name, headed)

        return [
            Remedy(Text("ReLU between the layers", "층 사이에 ReLU"), bent("relu")),
            Remedy(Text("tanh between the layers", "층 사이에 tanh"), bent("tanh")),
        ]


_PLACES = Text("places where a layer follows another without an activation", "활성화 함수 없이 층이 이어지는 곳")
_OF = Text("{n} of {all}", "{all}곳 가운데 {n}곳")
_NONE = Text("none, unless the task is linear", "과제가 선형이 아니라면 없음")
_CEILING = Text(
    "the metric of a linear model, and of nearest neighbours or trees", "선형 모델의 지표와 최근접 이웃이나 트리의 지표"
)
_BOTH = Text("{linear:.2f} and {bent:.2f}", "{linear:.2f}, {bent:.2f}")
_ALIKE = Text("alike where a linear network is enough", "선형 네트워크로 충분하다면 비슷함")
