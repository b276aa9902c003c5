"""How far does the sign-product rule get without backpropagation?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch.nn import functional as F

from whynet.engine.fit import Fitted
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import curves
from whynet.layers.hebbian import Hebbian
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import METRICS, above_chance, chance_of, difference, mean_of, recovered, score, scores
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

NAMES: Mapping[str, Text] = {
    "backpropagation": Text("backpropagation", "역전파(backpropagation)"),
    "delta": Text("one layer, by its error", "한 층, 오차로"),
    "product": Text("one layer, product", "한 층, 곱"),
    "sign": Text("one layer, sign-product", "한 층, 부호 곱"),
    "random": Text("random hidden layer, sign-product above", "무작위 은닉층 위에서 부호 곱"),
    "hidden": Text("sign-product in both layers", "두 층 모두 부호 곱"),
}
ONE_LAYER = Spec("mlp", {"widths": []})
DESCENT = Spec("sgd", {"lr": 0.3})
XOR = "xor(scale=standard)"


@register(
    "question",
    name="hebbian",
    place=60,
    year=1949,
    source="Hebb, The organization of behavior",
    en="Without backpropagation, how far does a rule get that multiplies signs?",
    ko="역전파(backpropagation) 없이, 부호를 곱하는 규칙으로는 어디까지 배우는가?",
)
@dataclass(frozen=True)
class HebbianQuestion(Question):
    """The score of Δw = η · sign · sign in one layer and in two, against descent on the error, on data and on XOR."""

    data: str | Spec = "digits"
    width: Annotated[int, Range(least=2)] = 64  # hidden units, where there are any
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "The oldest rule of learning looks at one connection at a time: where both its ends agree in sign, make it stronger, where "
            "they disagree, weaker. With a teacher, the far end is the wanted answer. Such a layer adds up the examples of each class: "
            "its weights become the difference between the mean of a class and that of the rest. That is often a good answer, and it "
            "is reached without ever looking at a mistake.",
            "가장 오래된 학습 규칙은 연결 하나만 본다. 양 끝의 부호가 같으면 연결을 키우고 다르면 줄인다. 교사가 있으면 뒤쪽 끝은 원하는 "
            "답이다. 이런 층은 클래스마다 예제를 더해 나간다. 가중치는 그 클래스의 평균과 나머지의 평균의 차이가 된다. 꽤 좋은 답일 때가 "
            "많고, 실수를 한 번도 들여다보지 않고 얻는다.",
        ),
        Text(
            "It has two limits. It does not stop when it is right and does not insist when it is wrong, so it cannot weigh features "
            "against each other as descent on the error does. And it has nothing to tell a hidden layer: there is no wanted answer "
            "there. Left to strengthen whatever agrees, hidden units all turn towards the same loudest pattern. Backpropagation is the "
            "message that was missing: for every hidden unit, which way its answer should change.",
            "한계는 둘이다. 맞아도 멈추지 않고 틀려도 더 애쓰지 않으므로, 오차를 줄여 가는 경사 하강법(gradient descent)처럼 특징의 무게를 "
            "서로 견주지 못한다. 그리고 은닉층(hidden layer)에는 해 줄 말이 없다. 은닉층에는 원하는 답이라는 것이 없기 때문이다. 부호가 "
            "맞는 것을 키우도록 내버려 두면 은닉 유닛은 모두 가장 두드러진 무늬 하나로 쏠린다. 역전파는 그 빠진 소식이다. 은닉 유닛마다 "
            "답이 어느 쪽으로 바뀌어야 하는지를 알려 준다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "sign-product:  Δw_ij = η · sign(y_i) · sign(x_j),   y the wanted answer ±1, in a hidden layer its own output\n"
        "product:       ΔW = η · E y xᵀ  ⟹  w_k ∝ n_k · mean of class k − n_rest · mean of the rest\n"
        "by its error:  ΔW = η · E (y − p) xᵀ\n"
        "backpropagation, hidden:  ΔW = η · E δ xᵀ,   δ = (Wᵀ_above δ_above) ⊙ f'(z)",
        "부호의 곱:       Δw_ij = η · sign(y_i) · sign(x_j),   y는 원하는 답 ±1, 은닉층에서는 그 층의 출력\n"
        "곱:              ΔW = η · E y xᵀ  ⟹  w_k ∝ n_k · 클래스 k의 평균 − n_나머지 · 나머지의 평균\n"
        "오차로:          ΔW = η · E (y − p) xᵀ\n"
        "역전파, 은닉층:  ΔW = η · E δ xᵀ,   δ = (Wᵀ_위층 δ_위층) ⊙ f'(z)",
    )
    sources: ClassVar[Sequence[str]] = (
        "Hebb, The organization of behavior (1949)",
        "Oja, A simplified neuron model as a principal component analyzer (1982)",
        "Widrow and Hoff, Adaptive switching circuits (1960)",
        "Rumelhart, Hinton and Williams, Learning representations by back-propagating errors (1986)",
    )

    # --- the experiment ------------------------------------------------------------------------------------------

    def networks(self, data: str | Spec) -> dict[str, Recipe]:
        """The six ways to learn it, from backpropagation down; inputs standardised, so that they have a sign."""
        epochs = self.epochs or (6 if self.quick else 20)
        base = recipe(data, Spec("mlp", {"widths": [self.width]}), "cross_entropy", optimizer=DESCENT, epochs=epochs)
        base = base.change(**{"data.scale": "standard"})

        def signs(*hidden: str) -> Recipe:
            layers = ", ".join(("flatten", "sign", *hidden))
            return base.change(model=f"sequential([{layers}], head=True)", loss="hebbian")

        return {
            "backpropagation": base,
            "delta": base.change(model=ONE_LAYER),
            "product": base.change(model=ONE_LAYER, loss="hebbian"),
            "sign": signs(),
            "random": signs(f"hebbian({self.width}, learns=False)", "sign"),
            "hidden": signs(f"hebbian({self.width})", "sign"),
        }

    @cached_property
    def on_data(self) -> dict[str, Recipe]:
        """The ways to learn the data."""
        return self.networks(self.data)

    def measure(self, listen: Listen) -> Evidence:
        """Every way on the data and on XOR; then the weights that came out."""
        seeds = self.seeds or (5 if self.quick else 10)
        comparisons = {}
        for name, networks in (("data", self.on_data), ("xor", self.networks(XOR))):
            levels = [Level(way, one) for way, one in networks.items()]
            comparisons[name] = compare_levels(levels, ["model", "loss"], seeds, listen=listen)
        arms = comparisons["data"].arms
        table = pd.DataFrame(
            {
                "seed": comparisons["data"].seeds,
                "mean_cosine": [likeness_to_means(one) for one in arms["product"]],
                "alike": [alike(one) for one in arms["hidden"]],
                "alike_random": [alike(one) for one in arms["random"]],
            }
        )
        return Evidence(comparisons, {"weights": table})

    def claims(self) -> Sequence[Claim]:
        """How far one layer gets and why; what it lacks; what becomes of a hidden layer; XOR."""
        above = Range(above=0)

        def gap(way: str, other: str) -> Any:
            return lambda e: difference(e.comparisons["data"], way, other)

        return [
            Claim("half-the-way", _HALF, _way_to_backpropagation, Range(least=0.5)),
            Claim("class-means", _MEANS, lambda e: _weights(e, "mean_cosine", _COSINE), Range(least=0.99)),
            Claim("error-is-better", _ERROR, gap("delta", "sign"), above),
            Claim("magnitudes-help", _MAGNITUDES, gap("product", "sign"), above, saying=True),
            Claim("builds-features", _FEATURES, gap("hidden", "random"), above, saying=True),
            Claim("alike", _ALIKE, lambda e: _weights(e, "alike", _COSINE_OF_UNITS), Range(least=0.9)),
            Claim("xor", _XOR, lambda e: above_chance(e.comparisons["xor"], "sign"), Range(below=0.1)),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The scores of all ways, on the data and on XOR, and what became of the hidden units."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, Any]:
        """The numbers that verdict and titles speak of."""
        data, xor, table = evidence.comparisons["data"], evidence.comparisons["xor"], evidence.tables["weights"]
        return {
            "scores": _listed(data, list(NAMES)), "metric": METRICS[data.metric], "chance": chance_of(data).alone,
            "xor": _listed(xor, ["backpropagation", "sign"]), "alike": f"{table['alike'].mean():.2f}",
            "random": f"{table['alike_random'].mean():.2f}", "epochs": self.on_data["sign"].epochs,
            "backprop": score(data, "backpropagation").alone, "sign": score(data, "sign").alone, "hidden": score(data, "hidden").alone,
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The trial on the data, the learning, the trial on XOR."""
        found, data = self._found(evidence), evidence.comparisons["data"]
        trial, learning, xor = (text.fill(**found) for text in (_TRIAL, _LEARNING, _ON_XOR))

        def learn() -> Figure:
            ways = ("backpropagation", "sign", "random", "hidden")
            histories = {str(NAMES[way]): [one.history for one in data.arms[way]] for way in ways}
            return curves(histories, title=learning, y=_VALIDATION, chance=data.chance)

        return [
            Drawn(trial, lambda: forest(data, NAMES, trial), _READ_TRIAL),
            Drawn(learning, learn, _READ_LEARNING),
            Drawn(xor, lambda: forest(evidence.comparisons["xor"], NAMES, xor), _READ_XOR),
        ]

    def changes(self) -> Sequence[Change]:
        """More time, more hidden units, a problem for one line, harder pictures."""
        return [
            Change(_TRY_LONGER, "whynet ask hebbian --set epochs=100"),
            Change(_TRY_WIDER, "whynet ask hebbian --set width=512"),
            Change(_TRY_GATE, "whynet ask hebbian --data and_gate"),
            Change(_TRY_DATA, "whynet ask hebbian --data breast_cancer --set epochs=50"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def likeness_to_means(one: Fitted) -> float:
    """The mean cosine between each unit's weights and E t x over the training examples, which the product rule adds up."""
    train = one.dataset.train
    x, y = train.pool_x[train.index].flatten(1), train.pool_y[train.index]
    weight = _linear(one)
    hit = y[:, None] == (torch.arange(len(weight)) if len(weight) > 1 else torch.ones(1, dtype=torch.long))
    wanted = 2 * hit.float() - 1  # (N, K)
    return float(F.cosine_similarity(weight, wanted.T @ x, dim=1).mean())


def alike(one: Fitted) -> float:
    """The mean of |cosine| between the weights of any two hidden units of a Hebbian layer."""
    layer = next(part for part in one.module.modules() if isinstance(part, Hebbian))
    directions = F.normalize(layer.weight.detach(), dim=1)
    cosines = (directions @ directions.T).abs()
    count = len(cosines)
    return float((cosines.sum() - count) / (count * (count - 1)))


def _linear(one: Fitted) -> torch.Tensor:
    return next(part for part in one.module.modules() if isinstance(part, torch.nn.Linear)).weight.detach()


def _way_to_backpropagation(evidence: Evidence) -> Measured:
    data = evidence.comparisons["data"]
    found = recovered(data, "sign", scores(data, "backpropagation"))
    return Measured(found.interval, _OF_THE_WAY, found.style)


def _weights(evidence: Evidence, column: str, what: Text) -> Measured:
    return mean_of(np.asarray(evidence.tables["weights"][column], dtype=float), what)


def _listed(one: Comparison, ways: Sequence[str]) -> Text:
    return join([_PAIR.fill(name=NAMES[way], value=score(one, way).alone) for way in ways], "; ")


_PAIR = Text("{name} {value}", "{name} {value}")
_OF_THE_WAY = Text("of the way from chance to backpropagation", "우연 수준에서 역전파까지 온 정도")
_COSINE = Text("cosine to the class means' difference, mean over units", "클래스 평균의 차이와의 코사인, 유닛의 평균")
_COSINE_OF_UNITS = Text("mean |cosine| between two hidden units' weights", "두 은닉 유닛 가중치의 |코사인| 평균")
_HALF = Text(
    "One layer with the sign-product rule comes half the way from chance to a network trained by backpropagation, or farther.",
    "부호 곱 규칙을 쓴 한 층은 우연 수준(chance)에서 역전파로 배운 신경망까지의 절반 이상을 온다.",
)
_MEANS = Text(
    "The product rule learns class means: its weights point along their differences, with a cosine of 0.99 or more.",
    "곱 규칙은 클래스의 평균을 배운다. 가중치가 평균들의 차이와 같은 쪽을 가리킨다. 코사인(cosine)이 0.99 이상이다.",
)
_ERROR = Text(
    "The same single layer is better when it learns by its error.",
    "같은 한 층이라도 오차로 배우면 더 낫다.",
)
_MAGNITUDES = Text(
    "Signs throw away too much: the product of the values does better than that of the signs.",
    "부호만 남기면 잃는 것이 많다. 부호의 곱보다 값의 곱이 낫다.",
)
_FEATURES = Text(
    "What fires together wires together, and so features form: a hidden layer that learns by sign-products is better than a random one.",
    "함께 켜지는 것은 함께 이어지고, 그렇게 특징이 생긴다. 부호 곱으로 배운 은닉층이 무작위 은닉층보다 낫다.",
)
_ALIKE = Text(
    "Hidden units left to the rule become one: two of them have a cosine of 0.9 or more, sign aside.",
    "규칙에 맡긴 은닉 유닛들은 하나가 된다. 두 유닛의 코사인이 부호를 빼면 0.9 이상이다.",
)
_XOR = Text(
    "On XOR one layer with the sign-product rule stays within 0.1 of chance, or falls below.",
    "XOR에서 부호 곱 규칙을 쓴 한 층은 우연 수준보다 0.1 넘게 나아지지 않는다.",
)
_VERDICT = Text(
    "{metric} after {epochs} epochs: {scores}; chance {chance}. On XOR: {xor}. Two hidden units have a cosine of {random} at random and of "
    "{alike} after learning by sign-products.",
    "{epochs} 에포크(epoch) 뒤의 {metric}: {scores}. 우연 수준 {chance}. XOR에서는 {xor}. 두 은닉 유닛의 코사인은 무작위일 때 {random}, "
    "부호 곱으로 배운 뒤 {alike}.",
)
_TRIAL = Text(
    "{metric}: backpropagation {backprop}, one layer with sign-products {sign}, both layers {hidden}",
    "{metric}: 역전파 {backprop}, 부호 곱 한 층 {sign}, 두 층 모두 부호 곱 {hidden}",
)
_LEARNING = Text(
    "After {epochs} epochs sign-products stand at {sign} in one layer and {hidden} in two",
    "{epochs} 에포크 뒤 부호 곱: 한 층 {sign}, 두 층 {hidden}",
)
_ON_XOR = Text("XOR, {metric}: {xor}", "XOR의 {metric}: {xor}")
_READ_TRIAL = Text(
    "All from the same data in the same order. Below the second row no error is used anywhere: only products of what is there.",
    "모두 같은 데이터, 같은 순서다. 셋째 줄부터는 어디에서도 오차를 쓰지 않고, 있는 것의 곱만 쓴다.",
)
_READ_LEARNING = Text(
    "Validation score. The rule has no least loss to come to rest at: where it stops improving, the sums only grow longer.",
    "검증 성적이다. 이 규칙에는 도달할 최소 손실이 없다. 더 나아지지 않는 곳부터는 합이 길어질 뿐이다.",
)
_READ_XOR = Text(
    "Each input by itself says nothing about the answer, so the means of both classes coincide. Half right is chance.",
    "입력 하나만으로는 답을 알 수 없어서 두 클래스의 평균이 같다. 절반이 맞으면 우연 수준이다.",
)
_VALIDATION = Text("validation accuracy", "검증 정확도(accuracy)")
_TRY_LONGER = Text("More time: does the sign-product catch up?", "시간을 더 준다: 부호 곱이 따라잡는가?")
_TRY_WIDER = Text(
    "More random hidden units: can many replace learned ones?", "무작위 은닉 유닛을 늘린다: 많으면 배운 것을 대신하는가?"
)
_TRY_GATE = Text("A gate that one line can tell: is the rule enough?", "직선 하나로 되는 게이트: 이 규칙으로 충분한가?")
_TRY_DATA = Text("Two classes of measurements", "두 클래스로 나뉘는 측정값")
