"""Why does silencing units at random help a network to generalise?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, cast

from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.experiment.compare import compare
from whynet.figures import curves
from whynet.questions.claim import Claim, Judged
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.setting import ADAM, DATA, NETWORK, count, network
from whynet.questions.numbers import difference
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe
from whynet.registry import Range, canonical, register
from whynet.spec import Spec
from whynet.text import Text, join

USUAL = 0.5
NARROWER = 8  # times narrower is the network that has no units to spare


@register(
    "question",
    name="dropout",
    place=20,
    year=2014,
    source="Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout",
    en="Why does silencing units at random help a network to generalise?",
    ko="유닛을 무작위로 끄면 왜 일반화(generalisation)에 도움이 되는가?",
)
@dataclass(frozen=True)
class Dropout(Question):
    """Training and test score by the probability of dropout, in a wide network and in a narrow one.

    ``model``: an mlp. Raises `OptionError` where it is another, or where ``rates`` lacks 0.5 or a larger rate.
    """

    data: str | Spec = DATA
    model: Spec = NETWORK
    rates: Sequence[Annotated[float, Range(above=0, below=1)]] = (0.2, 0.5, 0.8)
    optimizer: Spec = ADAM
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "In training, dropout silences each unit with probability p at every step, so that no unit can count on another one "
            "being there. What has to be repaired by one particular partner is not learned; what is useful by itself is. To learn a "
            "single wrong example by heart takes many units that agree, and that is what dropout breaks up first.",
            "드롭아웃(dropout)은 학습할 때 스텝마다 유닛을 확률 p로 끈다. 어느 유닛도 다른 유닛이 있으리라고 믿을 수 없다. 특정한 짝이 "
            "있어야만 쓸모 있는 것은 배우지 못하고, 혼자서도 쓸모 있는 것을 배운다. 틀린 예제 하나를 외우려면 여러 유닛이 손발을 맞춰야 "
            "하는데, 드롭아웃은 바로 그것부터 깨뜨린다.",
        ),
        Text(
            "Every step trains another thinned network, all with shared weights, and the whole network, used afterwards, is about "
            "their average. The price: with fewer units at a time the network has less capacity, and its gradient is noisier. One "
            "that has no units to spare can only lose.",
            "스텝마다 솎아 낸 다른 신경망을 학습하는 셈이고, 그 신경망들은 가중치를 함께 쓴다. 학습한 뒤 쓰는 온전한 신경망은 대략 그 "
            "평균이다. 대가도 있다. 한 번에 쓰는 유닛이 적으니 용량(capacity)이 줄고 기울기(gradient)에 잡음이 늘어난다. 남는 유닛이 "
            "없는 신경망은 잃기만 한다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "training    h' = h ⊙ m / (1 − p),   m_i = 0 with probability p, else 1      E[h'] = h,   Var[h'] = h² p / (1 − p)\n"
        "evaluation  h' = h",
        "학습  h' = h ⊙ m / (1 − p),   확률 p로 m_i = 0, 아니면 1      E[h'] = h,   Var[h'] = h² p / (1 − p)\n평가  h' = h",
    )
    sources: ClassVar[Sequence[str]] = (
        "Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout: a simple way to prevent neural networks from "
        "overfitting (2014)",
        "Wager, Wang and Liang, Dropout training as adaptive regularization (2013)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if self.model.name != "mlp" or not self._widths:
            raise OptionError(_NOT_MLP, received=str(self.model))
        if USUAL not in self.rates or max(self.rates) <= USUAL:
            raise OptionError(_RATES, received=str(list(self.rates)))

    # --- the experiment ------------------------------------------------------------------------------------------

    @property
    def _widths(self) -> list[int]:
        return cast(list[int], {"widths": [64, 64], **canonical("model", self.model).options}["widths"])

    @cached_property
    def base(self) -> Recipe:
        """The network without dropout."""
        return network(self.data, self.model.replace(dropout=0.0), self.optimizer, self.steps, self.quick)

    @cached_property
    def levels(self) -> dict[str, float]:
        """The probabilities by the names of their levels."""
        return {f"dropout={rate}": rate for rate in (0.0, *sorted(set(self.rates)))}

    def measure(self, listen: Listen) -> Evidence:
        """The probability as the factor: in the network asked about, and in one eight times narrower."""
        seeds = count(self.seeds, self.quick)
        narrow = self.base.change(**{"model.widths": [max(1, width // NARROWER) for width in self._widths]})
        return Evidence(
            {
                "wide": compare(self.base, {"model.dropout": list(self.levels.values())}, seeds, listen=listen),
                "narrow": compare(narrow, {"model.dropout": [0.0, USUAL]}, seeds, listen=listen),
            }
        )

    def claims(self) -> Sequence[Claim]:
        """What dropout does to the gap, to the test score, to the pace, and to a narrow network."""
        none, usual, most = "dropout=0.0", f"dropout={USUAL}", f"dropout={max(self.rates)}"
        fill = {"p": USUAL, "most": max(self.rates), "n": NARROWER}
        more, less = Range(above=0), Range(below=0)
        return [
            Claim("gap", _GAP.fill(**fill), lambda e: gaps.gap_change(e.comparisons["wide"], usual, none), less),
            Claim("helps", _HELPS.fill(**fill), lambda e: difference(e.comparisons["wide"], usual, none), more, saying=True),
            Claim(
                "too-much", _TOO_MUCH.fill(**fill), lambda e: difference(e.comparisons["wide"], most, usual), less, saying=True
            ),
            Claim("slower", _SLOWER.fill(**fill), lambda e: gaps.early(e.comparisons["wide"], usual, none), more, saying=True),
            Claim(
                "narrow", _NARROW.fill(**fill), lambda e: difference(e.comparisons["narrow"], usual, none), less, saying=True
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Which probability is best, and what became of the sayings."""
        return join([gaps.told(evidence.comparisons["wide"], self._names), gaps.sayings(judged)])

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Training and test score by p, each p against none, the loss on the way, the narrow network."""
        wide, narrow, names = evidence.comparisons["wide"], evidence.comparisons["narrow"], self._names
        few = {level: names[level] for level in ("dropout=0.0", f"dropout={USUAL}")}
        by_rate, small = _TITLE.fill(scores=gaps.listed(wide, names)), _SMALL.fill(scores=gaps.listed(narrow, few))
        ends = {level: gaps.final(wide, level, "validation", "loss").mean() for level in names}
        lost = join([_PAIR.fill(name=names[level], value=f"{end:.2f}") for level, end in ends.items()], ", ")
        apart, falling = gaps.against(wide, names), _LOSSES.fill(losses=lost)
        runs = {level: [one.history for one in arms] for level, arms in wide.arms.items()}
        places = {level: _P.fill(p=rate) for level, rate in self.levels.items()}

        def fall() -> Figure:
            named = {str(names[level]): run for level, run in runs.items()}
            return curves(named, title=falling, y=gaps.VALIDATION, what="loss", log=True)

        return [
            Drawn(by_rate, lambda: gaps.train_and_test(wide, places, by_rate, _RATE), gaps.READ_BOTH),
            Drawn(falling, fall, _READ_LOSS),
            Drawn(apart, lambda: forest(wide, names, apart), gaps.READ_PAIRED),
            Drawn(small, lambda: forest(narrow, few, small), gaps.READ_PAIRED),
        ]

    @property
    def _names(self) -> dict[str, Text]:
        return {level: _P_IS.fill(p=rate) if rate else _NONE for level, rate in self.levels.items()}

    def changes(self) -> Sequence[Change]:
        """True labels, all examples, two layers, other data."""
        return [
            Change(_TRY_CLEAN, "whynet ask dropout --data 'digits(train=200)'"),
            Change(_TRY_ALL, "whynet ask dropout --data digits"),
            Change(_TRY_DEEPER, "whynet ask dropout --model 'mlp(widths=[64, 64, 64])'"),
            Change(_TRY_DATA, "whynet ask dropout --data 'fashion_mnist(train=1000)' --model 'mlp(widths=[256])'"),
        ]


_GAP = Text(
    "Dropout with p = {p} narrows the gap between training and test score.",
    "p = {p}인 드롭아웃은 훈련 점수와 테스트 점수의 격차를 줄인다.",
)
_HELPS = Text("Dropout with p = {p} raises the test score.", "p = {p}인 드롭아웃은 테스트 점수를 높인다.")
_TOO_MUCH = Text(
    "p = {most} is too much: the test score is lower than with p = {p}.",
    "p = {most:은} 지나치다: 테스트 점수가 p = {p}일 때보다 낮다.",
)
_SLOWER = Text(
    "Dropout slows learning: after a tenth of the training the validation loss is higher.",
    "드롭아웃은 학습을 늦춘다: 학습의 10분의 1이 지났을 때 검증 손실이 더 높다.",
)
_NARROW = Text(
    "A network {n} times narrower, with no units to spare, gets worse with dropout.",
    "너비가 {n}분의 1이라 남는 유닛이 없는 신경망은 드롭아웃으로 더 나빠진다.",
)
_TITLE = Text("Test score by dropout: {scores}", "드롭아웃에 따른 테스트 점수: {scores}")
_SMALL = Text("In the narrow network: {scores}", "좁은 신경망에서: {scores}")
_LOSSES = Text("Validation loss at the end: {losses}", "끝에서의 검증 손실: {losses}")
_READ_LOSS = Text(
    "A loss that falls and rises again is a network that has begun to learn its examples by heart.",
    "내려갔다가 다시 오르는 손실은 신경망이 예제를 외우기 시작했다는 뜻이다.",
)
_PAIR = Text("{name}: {value}", "{name}: {value}")
_NONE, _P_IS, _P = Text("no dropout", "드롭아웃 없음"), Text("p = {p}", "p = {p}"), Text("{p}", "{p}")
_RATE = Text("probability p with which a unit is silenced", "유닛을 끄는 확률 p")
_TRY_CLEAN = Text("True labels: is there anything left to gain?", "옳은 레이블: 그래도 얻을 것이 있는가?")
_TRY_ALL = Text("Seven times the examples, all true", "예제 일곱 배, 모두 옳은 레이블")
_TRY_DEEPER = Text("Three hidden layers", "은닉층 세 개")
_TRY_DATA = Text("Other data and a wider network", "다른 데이터와 더 넓은 신경망")
_NOT_MLP = Text(
    "dropout varies an option of an mlp. Expected a model such as mlp(widths=[64]). Received: {received}",
    "dropout은 mlp의 옵션을 바꾼다. mlp(widths=[64]) 같은 모델이어야 한다. 받은 것: {received}",
)
_RATES = Text(
    "rates: expected 0.5, on which the claims are made, and a larger one. Received: {received}",
    "rates: 주장이 쓰는 0.5와 그보다 큰 값이 있어야 한다. 받은 것: {received}",
)
