"""What does an inner product say of two vectors?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.engine.arm import Arm, prepare
from whynet.engine.fit import Fitted
from whynet.errors import OptionError
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.statistics import OUTCOMES, Interval, LevelSummary, paired, summarise
from whynet.figures import Level as Row
from whynet.figures import distribution, trial
from whynet.figures.canvas import number
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.mathematics import likeness
from whynet.questions.mathematics.likeness import KNOWN, TESTED
from whynet.questions.numbers import METRICS, mean_of, scores
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text

NETWORK = Spec("mlp", {"widths": [64]})
LINEAR = Spec("softmax_regression")
MEASURES = {"product": likeness.products, "cosine": likeness.cosines, "distance": likeness.nearness}
NAMES = {
    "product": Text("largest inner product", "가장 큰 내적"),
    "cosine": Text("smallest angle", "가장 작은 각"),
    "distance": Text("smallest distance", "가장 가까운 거리"),
    "network": Text("the trained network", "학습한 신경망"),
}


@register(
    "question",
    name="inner-product",
    place=60,
    year=1844,
    source="Grassmann",
    en="What does an inner product say of two vectors, and why do networks take so many?",
    ko="내적(inner product)은 두 벡터에 대해 무엇을 말하며, 신경망은 왜 그것을 그렇게 많이 계산하는가?",
)
@dataclass(frozen=True)
class InnerProduct(Question):
    """Test examples answered with the class of the most alike training example, by three measures; cosines before and after training.

    ``data``: with classes. ``model``: a network with an activation function. Raises `OptionError` where they are not.
    """

    data: str | Spec = "digits"
    model: Spec = NETWORK
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Multiply two vectors entry by entry and add: where both are large the sum grows, where they disagree in sign it "
            "shrinks. So the inner product says how far two vectors go together. A neuron is one: weights times inputs, large "
            "where the input looks like the weights. A convolution slides one over a picture, attention takes one for every pair of "
            "words.",
            "두 벡터를 성분끼리 곱해서 더한다. 둘 다 크면 합이 커지고, 부호가 어긋나면 줄어든다. 그래서 내적은 두 벡터가 얼마나 함께 "
            "가는지를 말한다. 뉴런 하나가 내적이다. 가중치 곱하기 입력으로, 입력이 가중치를 닮으면 커진다. 합성곱(convolution)은 내적을 "
            "그림 위로 밀고 다니고, 어텐션(attention)은 단어의 쌍마다 내적을 구한다.",
        ),
        Text(
            "But it grows with the lengths too: a long vector at a wide angle can beat a short one that points the same way. Divide "
            "by both lengths, and the cosine of the angle is left. For vectors of one length inner product, cosine and distance "
            "order alike.",
            "그런데 내적은 길이에 따라서도 커진다. 각이 벌어져 있어도 긴 벡터가, 같은 쪽을 가리키는 짧은 벡터를 이길 수 있다. 두 길이로 "
            "나누면 각의 코사인(cosine)이 남는다. 길이가 같은 벡터끼리는 내적, 코사인, 거리가 같은 순서를 매긴다.",
        ),
        Text(
            "In many dimensions random vectors are nearly at right angles, with cosines around 1/√D, so likeness that is found "
            "there is hardly luck. Their inner products grow as √D, which is why attention divides by it.",
            "차원이 높으면 무작위 벡터는 거의 직각을 이룬다. 코사인이 1/√D 정도다. 그래서 거기서 닮음이 보이면 우연이기 어렵다. 내적 "
            "자체는 √D만큼 커지는데, 어텐션이 이것으로 나누는 까닭이 여기에 있다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "a · b = Σ a_i b_i = ‖a‖ ‖b‖ cos θ\n"
        "‖a − b‖² = ‖a‖² + ‖b‖² − 2 a · b\n"
        "a, b ~ N(0, 1)ᴰ:   a · b has mean 0 and standard deviation √D,   cos θ about 1/√D",
        "a · b = Σ a_i b_i = ‖a‖ ‖b‖ cos θ\n"
        "‖a − b‖² = ‖a‖² + ‖b‖² − 2 a · b\n"
        "a, b ~ N(0, 1)ᴰ:   a · b의 평균은 0, 표준편차는 √D,   cos θ는 약 1/√D",
    )
    sources: ClassVar[Sequence[str]] = (
        "Grassmann, Die lineale Ausdehnungslehre (1844)",
        "Cover and Hart, Nearest neighbor pattern classification (1967)",
        "Vaswani et al., Attention is all you need (2017)",
    )

    def __post_init__(self) -> None:
        """Check that there are classes and an activation function. Raises `OptionError`."""
        if self.arm.dataset.task.kind != "classify":
            raise OptionError(_NO_CLASSES, received=self.arm.dataset.task.words)
        if not self.arm.network.activations:
            raise OptionError(_NO_HIDDEN, received=str(self.model))

    @cached_property
    def base(self) -> Recipe:
        """The network."""
        return recipe(self.data, self.model, epochs=self.epochs or (20 if self.quick else 40))

    @cached_property
    def arm(self) -> Arm:
        """The network of the first seed, about to be trained."""
        return prepare(self.base)

    @property
    def size(self) -> int:
        """D of an example."""
        return math.prod(self.arm.dataset.task.inputs)

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Look up the most alike, by each measure; compare cosines before and after training; look at the weights."""
        seeds = self.seeds or (5 if self.quick else 10)
        levels = [Level("network", self.base), Level("linear", self.base.change(model=LINEAR))]
        trained = compare_levels(levels, ["model"], seeds, listen=listen)
        rows, cosines = [], []
        for seed, network, linear in zip(trained.seeds, trained.arms["network"], trained.arms["linear"], strict=True):
            train, test = network.dataset.train, network.dataset.test
            known, asked = train.x[:KNOWN].flatten(1).double(), test.x[:TESTED].flatten(1).double()
            found = {name: of(asked, known).argmax(dim=1) for name, of in MEASURES.items()}
            right = {name: float((train.y[:KNOWN][at] == test.y[:TESTED]).double().mean()) for name, at in found.items()}
            even = [part / part.norm(dim=1, keepdim=True).clamp(min=1e-300) for part in (asked, known)]
            same = (likeness.products(*even).argmax(dim=1) == likeness.nearness(*even).argmax(dim=1)).double().mean()
            spread = likeness.random_products(self.size, seed).std() / math.sqrt(self.size)
            weights = linear.outcome.weights[: -trained.task.outputs].view(trained.task.outputs, -1)
            alike = likeness.templates(weights, train.x.flatten(1).double(), train.y)
            seen = self._cosines(network, seed)
            cosines.append(seen)
            gap = {where: _mean(seen, where, "same") - _mean(seen, where, "other") for where in ("untrained", "trained")}
            rows.append((seed, *right.values(), float(same), spread, float(alike.mean()), gap["trained"] - gap["untrained"]))
        columns = ["seed", *MEASURES, "same", "spread", "template", "gained"]
        return Evidence(
            {"trained": trained},
            {"likeness": pd.DataFrame(rows, columns=columns)},
            {"cosines": pd.concat(cosines, ignore_index=True)},
            (_CUT.fill(known=KNOWN, tested=TESTED),),
        )

    def _cosines(self, one: Fitted, seed: int) -> pd.DataFrame:
        """Cosines of pairs of test examples: of the inputs, and of the last hidden layer before and after training."""
        x, y = one.dataset.test.x[:TESTED], one.dataset.test.y[:TESTED]
        places = {
            "input": x.flatten(1).double(),
            **{w: likeness.hidden(one, x, w == "trained") for w in ("untrained", "trained")},
        }
        parts = [
            pd.DataFrame({"seed": seed, "where": where, "pair": pair, "cosine": likeness.cosines_of(place, which)})
            for where, place in places.items()
            for pair, which in zip(("same", "other"), likeness.pairs(y, seed), strict=True)
        ]
        return pd.concat(parts, ignore_index=True)

    def claims(self) -> Sequence[Claim]:
        """What the inner product tells, and what is said of it."""
        size = {"size": self.size}
        return [
            Claim("larger-alike", _LARGER, lambda e: _less(e, "product", "cosine"), Range(least=-0.01), saying=True),
            Claim("same-order", _SAME, lambda e: mean_of(_column(e, "same"), _AGREE, "percent"), Range(least=0.999)),
            Claim(
                "orthogonal",
                _ORTHOGONAL.fill(**size),
                lambda e: mean_of(_column(e, "spread"), _OF_ROOT),
                Range(least=0.98, most=1.02),
            ),
            Claim("gained", _GAINED, lambda e: mean_of(_column(e, "gained"), _GAP), Range(above=0)),
            Claim(
                "template",
                _TEMPLATE,
                lambda e: mean_of(_column(e, "template"), _TO_MEAN),
                Range(above=math.sqrt(0.5)),
                saying=True,
            ),
            Claim("learning", _LEARNING, _network_less_lookup, Range(above=0), saying=True),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How well each measure looks up, what training does to angles, what weights look like."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        mean = {name: float(_column(evidence, name).mean()) for name in (*MEASURES, "template", "spread")}
        seen = evidence.traces["cosines"]
        angles = {f"{w}_{p}": number(_mean(seen, w, p), 2) for w in ("untrained", "trained") for p in ("same", "other")}
        return {
            **{name: f"{100 * mean[name]:.1f} %" for name in MEASURES}, **angles, "size": self.size,
            "network": f"{100 * scores(evidence.comparisons['trained'], 'network').mean():.1f} %",
            "template": number(mean["template"], 2), "spread": number(mean["spread"]),
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Accuracy of looking up by each measure; cosines of pairs before and after training."""
        found = self._found(evidence)
        looked, angles = _LOOKED.fill(**found), _ANGLES.fill(**found)

        def lookup() -> Figure:
            values = {name: _column(evidence, name) for name in MEASURES}
            values["network"] = scores(evidence.comparisons["trained"], "network")
            summaries = summarise({name: one.tolist() for name, one in values.items()}, "cosine", (0.0, 1.0))
            rows = [_row(one, values[one.level]) for one in sorted(summaries, key=lambda one: one.level != "cosine")]
            return trial(rows, title=looked, metric=METRICS["accuracy"], chance=evidence.comparisons["trained"].chance)

        def pairs() -> Figure:
            seen = evidence.traces["cosines"]
            wide = {str(_PLACES[w]): seen.loc[seen["where"] == w, "cosine"].to_numpy() for w in _PLACES}
            by = seen.loc[seen["where"] == "input", "pair"].map({"same": str(_SAME_CLASS), "other": str(_OTHER)})
            return distribution(pd.DataFrame(wide), by.reset_index(drop=True), title=angles, kind="box")

        return [Drawn(looked, lookup, _READ_LOOKED), Drawn(angles, pairs, _READ_ANGLES)]

    def changes(self) -> Sequence[Change]:
        """Scaled inputs, few dimensions, other data."""
        return [
            Change(_TRY_SCALED, "whynet ask inner-product --data 'digits(scale=standard)'"),
            Change(_TRY_FEW, "whynet ask inner-product --data spirals --set epochs=200"),
            Change(_TRY_OTHER, "whynet ask inner-product --data wine"),
        ]


def _column(evidence: Evidence, name: str) -> np.ndarray:
    return evidence.tables["likeness"][name].to_numpy(dtype=float)


def _mean(seen: pd.DataFrame, where: str, pair: str) -> float:
    return float(seen.loc[(seen["where"] == where) & (seen["pair"] == pair), "cosine"].mean())


def _less(evidence: Evidence, name: str, other: str) -> Measured:
    return Measured(paired(_column(evidence, name), _column(evidence, other)).difference, _DIFFERENCE, "points")


def _network_less_lookup(evidence: Evidence) -> Measured:
    network = scores(evidence.comparisons["trained"], "network")
    return Measured(paired(network, _column(evidence, "cosine")).difference, _DIFFERENCE, "points")


def _row(one: LevelSummary, values: np.ndarray) -> Row:
    """A line of the picture, compared with looking up by the angle."""
    first, gap = one.level == "cosine", one.difference
    return Row(
        label=NAMES[one.level], values=values.tolist(), mean=one.mean.mean, interval=_ends(one.mean), baseline=first,
        difference=None if gap is None else gap.mean, difference_interval=None if gap is None else _ends(gap),
        verdict="" if first else OUTCOMES[one.outcome],
    )  # fmt: skip


def _ends(one: Interval) -> tuple[float, float] | None:
    return (one.low, one.high) if one.known else None


_PLACES = {
    "input": Text("inputs", "입력"),
    "untrained": Text("hidden layer, untrained", "은닉층, 학습 전"),
    "trained": Text("hidden layer, trained", "은닉층, 학습 뒤"),
}
_DIFFERENCE = Text("difference in test accuracy, same seeds", "테스트 정확도의 차이, 같은 시드끼리")
_AGREE = Text("test examples for which both find the same", "둘이 같은 것을 찾는 테스트 예제")
_OF_ROOT = Text("standard deviation of a · b, of √D", "a · b의 표준편차, √D 대비")
_GAP = Text("growth of the gap in cosine between same and other class", "같은 클래스와 다른 클래스의 코사인 차이가 커진 정도")
_TO_MEAN = Text(
    "mean cosine between a class's weights and its mean example", "클래스의 가중치와 그 평균 예제 사이 코사인의 평균"
)
_LARGER = Text(
    "The larger the inner product, the more alike: looking up by it is as good as by the angle, within a point.",
    "내적이 클수록 닮았다. 내적으로 찾아도 각으로 찾은 것과 정확도가 1 %포인트 안에서 같다.",
)
_SAME = Text(
    "Among vectors of one length the nearest is the one of largest inner product.",
    "길이가 같은 벡터끼리는 가장 가까운 것이 내적이 가장 큰 것이다.",
)
_ORTHOGONAL = Text(
    "Inner products of random vectors in {size} dimensions have a standard deviation of √{size}.",
    "{size}차원 무작위 벡터의 내적은 표준편차가 √{size}다.",
)
_GAINED = Text(
    "Training turns examples of one class towards each other and away from the others.",
    "학습은 같은 클래스의 예제를 서로 가까운 방향으로, 다른 클래스와는 먼 방향으로 돌린다.",
)
_TEMPLATE = Text(
    "A neuron is a template: in softmax regression the weights of a class point to its mean example, within 45°.",
    "뉴런은 본보기다. 소프트맥스 회귀(softmax regression)에서 클래스의 가중치는 45° 안에서 그 클래스의 평균 예제를 가리킨다.",
)
_LEARNING = Text(
    "A network that learned is right more often than looking up the most alike example.",
    "학습한 신경망은 가장 닮은 예제를 찾아보는 것보다 더 자주 맞힌다.",
)
_VERDICT = Text(
    "Answering with the class of the most alike training example is right in {product} by inner product, {cosine} by angle, "
    "{distance} by distance; the trained network in {network}. In the hidden layer training moves the mean cosine of the same class "
    "from {untrained_same} to {trained_same}, of different classes from {untrained_other} to {trained_other}. Random vectors in "
    "{size} dimensions: standard deviation of the inner product {spread} times √{size}. Cosine of a class's weights with its mean "
    "example: {template}.",
    "가장 닮은 학습 예제의 클래스로 답하면 내적으로는 {product}, 각으로는 {cosine}, 거리로는 {distance} 맞고, 학습한 신경망은 {network} "
    "맞힌다. 은닉층에서 학습은 같은 클래스의 평균 코사인을 {untrained_same}에서 {trained_same:로}, 다른 클래스는 {untrained_other}에서 "
    "{trained_other:로} 옮긴다. {size}차원 무작위 벡터의 내적은 표준편차가 √{size}의 {spread}배다. 클래스의 가중치와 평균 예제의 "
    "코사인: {template}.",
)
_LOOKED = Text(
    "Looking up the most alike: {product} right by inner product, {cosine} by angle, {distance} by distance; the network {network}",
    "가장 닮은 것 찾기: 내적 {product}, 각 {cosine}, 거리 {distance}. 신경망 {network}",
)
_ANGLES = Text(
    "Mean cosine in the hidden layer, same class: {untrained_same} → {trained_same}; other class: {untrained_other} → {trained_other}",
    "은닉층의 평균 코사인, 같은 클래스: {untrained_same} → {trained_same}, 다른 클래스: {untrained_other} → {trained_other}",
)
_READ_LOOKED = Text(
    "Each test example gets the class of the training example that is most alike. No training but for the network.",
    "테스트 예제마다 가장 닮은 학습 예제의 클래스로 답한다. 신경망 말고는 학습이 없다.",
)
_READ_ANGLES = Text(
    "Cosines of pairs of test examples. The further the boxes part, the more likeness tells of the class.",
    "테스트 예제 쌍의 코사인. 두 상자가 벌어질수록 닮음이 클래스에 대해 많은 것을 말한다.",
)
_CUT = Text(
    "Looked up: at most {tested} test examples among at most {known} training examples.",
    "찾아본 것: 많아야 테스트 예제 {tested}개, 학습 예제 {known}개 가운데에서.",
)
_SAME_CLASS, _OTHER = Text("same class", "같은 클래스"), Text("different classes", "다른 클래스")
_TRY_SCALED = Text("Every pixel in standard units: which measure gains?", "픽셀마다 표준 단위로: 어느 쪽이 나아지는가?")
_TRY_FEW = Text("Two dimensions: is the angle still enough?", "2차원: 각만으로 여전히 충분한가?")
_TRY_OTHER = Text(
    "Few examples: does the network still lose, or win?", "예제가 적을 때: 신경망과 찾아보기 가운데 무엇이 나은가?"
)
_NO_CLASSES = Text(
    "inner-product needs data with classes, such as digits or iris. Received: {received}",
    "inner-product에는 digits, iris처럼 클래스가 있는 데이터가 필요하다. 받은 것: {received}",
)
_NO_HIDDEN = Text(
    "inner-product looks into a hidden layer: expected a model with an activation function, such as mlp(widths=[64]). Received: "
    "{received}",
    "inner-product는 은닉층을 들여다본다. mlp(widths=[64])처럼 활성화 함수가 있는 모델이어야 한다. 받은 것: {received}",
)
