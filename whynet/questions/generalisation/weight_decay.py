"""Why do small weights generalise better?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Claim, Judged
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.setting import DATA, NETWORK, count, network
from whynet.questions.numbers import difference, mean_of
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

DECAYED = Spec("adamw", {"lr": 0.01})
ALIKE = 0.02  # a difference of test scores below which two ways count as the same
RIDGE = 0.5  # the penalty of the linear network, whose solution is known


@register(
    "question",
    name="weight-decay",
    place=30,
    year=1992,
    source="Krogh and Hertz, A simple weight decay can improve generalization",
    en="Why do small weights generalise better?",
    ko="가중치가 작으면 왜 일반화(generalisation)가 더 잘되는가?",
)
@dataclass(frozen=True)
class WeightDecay(Question):
    """Training and test score and ‖w‖ by λ; decay against an L2 penalty in Adam; and ridge regression, whose answer is known.

    ``optimizer``: an adamw. Raises `OptionError` where it is another, or where ``strengths`` are fewer than two.
    """

    data: str | Spec = DATA
    model: Spec = NETWORK
    optimizer: Spec = DECAYED
    strengths: Sequence[Annotated[float, Range(above=0)]] = (0.1, 1.0, 10.0)
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "To bend its answer sharply around a single example a network needs large weights: with small ones its answer changes "
            "slowly from one input to the next. Weight decay takes a share off every weight at every step, so that only those "
            "stay large that the gradient keeps pushing up, because many examples ask for them. What one odd example asks for "
            "fades.",
            "예제 하나 둘레에서 답을 급하게 꺾으려면 큰 가중치가 있어야 한다. 가중치가 작으면 답이 입력을 따라 천천히 변한다. 가중치 "
            "감쇠(weight decay)는 스텝마다 모든 가중치를 조금씩 줄인다. 여러 예제가 요구해서 기울기(gradient)가 계속 밀어 올리는 "
            "가중치만 크게 남고, 별난 예제 하나가 요구하는 것은 사라진다.",
        ),
        Text(
            "For plain gradient descent this is the same as a penalty λ/2 ‖w‖² in the loss, an L2 penalty; on a linear model it is "
            "ridge regression. In Adam it is not: a penalty's gradient is divided by the gradient's own size like everything else, so "
            "weights with large gradients hardly decay. AdamW decays them apart from the gradient.",
            "단순한 경사 하강법(gradient descent)에서는 손실에 λ/2 ‖w‖²를 더하는 L2 벌점(penalty)과 같고, 선형 모델에서는 능형 "
            "회귀(ridge regression)가 된다. Adam에서는 다르다. 벌점의 기울기도 기울기의 크기로 나뉘므로 기울기가 큰 가중치는 거의 줄지 "
            "않는다. AdamW는 감쇠를 기울기와 따로 한다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "decay    w ← (1 − η λ) w − η u,   u the step of the optimizer\n"
        "penalty  L' = L + λ/2 ‖w‖²,   ∇L' = ∇L + λ w\n"
        "ridge    w = (XᵀX + λn/2 · I)⁻¹ Xᵀy   for L = 1/n ‖Xw − y‖²",
        "감쇠  w ← (1 − η λ) w − η u,   u는 옵티마이저의 걸음\n"
        "벌점  L' = L + λ/2 ‖w‖²,   ∇L' = ∇L + λ w\n"
        "능형  w = (XᵀX + λn/2 · I)⁻¹ Xᵀy   (L = 1/n ‖Xw − y‖²일 때)",
    )
    sources: ClassVar[Sequence[str]] = (
        "Hoerl and Kennard, Ridge regression (1970)",
        "Krogh and Hertz, A simple weight decay can improve generalization (1992)",
        "Loshchilov and Hutter, Decoupled weight decay regularization (2019)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if self.optimizer.name != "adamw":
            raise OptionError(_NOT_ADAMW, received=str(self.optimizer))
        if len(set(self.strengths)) < 2:
            raise OptionError(_STRENGTHS, received=str(list(self.strengths)))

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def base(self) -> Recipe:
        """The network without decay."""
        return network(self.data, self.model, self.optimizer.replace(weight_decay=0.0), self.steps, self.quick)

    @cached_property
    def levels(self) -> dict[str, float]:
        """λ by the names of the levels."""
        return {f"{strength:g}": strength for strength in (0.0, *sorted(set(self.strengths)))}

    @property
    def middle(self) -> str:
        """The strength that is said to help: the one before the strongest."""
        return list(self.levels)[-2]

    def measure(self, listen: Listen) -> Evidence:
        """λ as the factor; Adam with a penalty as another level; ridge regression by gradient descent on all examples."""
        seeds, base = count(self.seeds, self.quick), self.base
        decays = [Level(key, base.change(**{"optimizer.weight_decay": value})) for key, value in self.levels.items()]
        options = {key: value for key, value in self.optimizer.options.items() if key != "weight_decay"}
        penalty = base.change(optimizer=Spec("adam", {**options, "weight_decay": self.levels[self.middle]}))
        linear = recipe(
            "diabetes", "linear_regression", optimizer=Spec("sgd", {"lr": 0.1, "weight_decay": RIDGE}), batch_size="all", steps=300
        )  # fmt: skip
        ridge = compare_levels([Level("ridge", linear)], ["optimizer.weight_decay"], seeds, listen=listen)
        return Evidence(
            {
                "decay": compare_levels([*decays, Level("penalty", penalty)], ["optimizer"], seeds, listen=listen),
                "ridge": ridge,
            },
            {"ridge": pd.DataFrame({"seed": ridge.seeds, "apart": ridge_apart(ridge)})},
        )

    def claims(self) -> Sequence[Claim]:
        """What decay does to the weights, the gap and the test score; and what it equals."""
        none, middle, most = "0", self.middle, list(self.levels)[-1]
        fill = {"middle": middle, "most": most, "alike": 100 * ALIKE}
        less = Range(below=0)
        return [
            Claim("smaller", _SMALLER.fill(**fill), lambda e: gaps.norm_ratio(e.comparisons["decay"], middle, none), Range(below=1)),
            Claim("gap", _GAP.fill(**fill), lambda e: gaps.gap_change(e.comparisons["decay"], middle, none), less),
            Claim("helps", _HELPS.fill(**fill), lambda e: difference(e.comparisons["decay"], middle, none), Range(above=0), saying=True),
            Claim("too-much", _TOO_MUCH.fill(**fill), lambda e: difference(e.comparisons["decay"], most, middle), less, saying=True),
            Claim(
                "same-as-penalty", _SAME.fill(**fill), lambda e: difference(e.comparisons["decay"], "penalty", middle),
                Range(least=-ALIKE, most=ALIKE), saying=True,
            ),
            Claim("ridge", _IS_RIDGE, lambda e: mean_of(e.tables["ridge"]["apart"].to_numpy(dtype=float), _APART), Range(below=0.01)),
        ]  # fmt: skip

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Which strength is best, and what became of the sayings."""
        return join([gaps.told(evidence.comparisons["decay"], self._names), gaps.sayings(judged)])

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Training and test score by λ, the size of the weights, and every way against none."""
        one, names = evidence.comparisons["decay"], self._names
        decays = {key: names[key] for key in self.levels}
        by_strength = _TITLE.fill(scores=gaps.listed(one, decays))
        sizes = {key: gaps.norms(one, key) for key in self.levels}
        shrinking = _SIZES.fill(
            sizes=join([_PAIR.fill(name=names[key], value=number(float(v.mean()))) for key, v in sizes.items()], ", ")
        )
        apart = _AGAINST.fill(decay=_named(one, self.middle), penalty=_named(one, "penalty"), strength=self.middle)
        rows = pd.DataFrame(
            [(place, size) for place, values in enumerate(sizes.values()) for size in values], columns=["at", "size"]
        )
        axis: dict[float, Text | str] = dict(enumerate(self.levels))
        places = {key: _LAMBDA.fill(value=key) for key in self.levels}

        def shrink() -> Figure:
            return remarks.ticks(lines.interval(rows, "at", "size", title=shrinking, x_name=_STRENGTH, y_name=_NORM), axis)

        return [
            Drawn(by_strength, lambda: gaps.train_and_test(one, places, by_strength, _STRENGTH), gaps.READ_BOTH),
            Drawn(shrinking, shrink, _READ_SIZES),
            Drawn(apart, lambda: forest(one, names, apart), gaps.READ_PAIRED),
        ]

    @property
    def _names(self) -> dict[str, Text]:
        names = {key: _LAMBDA_IS.fill(value=key) if value else _NONE for key, value in self.levels.items()}
        return {**names, "penalty": _PENALTY.fill(value=self.middle)}

    def changes(self) -> Sequence[Change]:
        """True labels, weaker and stronger, other data, a deeper network."""
        return [
            Change(_TRY_CLEAN, "whynet ask weight-decay --data 'digits(train=200)'"),
            Change(_TRY_FINER, "whynet ask weight-decay --set 'strengths=[0.3, 1.0, 2.0, 4.0]'"),
            Change(_TRY_DATA, "whynet ask weight-decay --data diabetes"),
            Change(_TRY_DEEPER, "whynet ask weight-decay --model 'mlp(widths=[64, 64, 64])'"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def ridge_apart(one: Comparison) -> np.ndarray:
    """‖w − w*‖ / ‖w*‖ with w* = (XᵀX + λn/2 · I)⁻¹ Xᵀy, a value for each seed; X with a column of ones, whose weight decays as well."""
    apart = []
    for fitted in one.arms["ridge"]:
        x, y = fitted.dataset.train.x.double(), fitted.dataset.train.y.double()
        x = torch.cat([x, torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
        known = torch.linalg.solve(x.T @ x + RIDGE * len(x) / 2 * torch.eye(x.shape[1], dtype=torch.float64), x.T @ y).flatten()
        learned = torch.cat([part.detach().double().flatten() for part in fitted.module.parameters()])
        apart.append(float((learned - known).norm() / known.norm()))
    return np.array(apart)


def _named(one: Comparison, level: str) -> Text:
    return gaps.listed(one, {level: _SCORE})


_SCORE = Text("test score", "테스트 점수")
_SMALLER = Text("With λ = {middle} the weights end up smaller.", "λ = {middle}이면 가중치가 더 작아진다.")
_GAP = Text(
    "λ = {middle} narrows the gap between training and test score.",
    "λ = {middle}인 감쇠는 훈련 점수와 테스트 점수의 격차를 줄인다.",
)
_HELPS = Text("Weight decay with λ = {middle} raises the test score.", "λ = {middle}인 가중치 감쇠는 테스트 점수를 높인다.")
_TOO_MUCH = Text(
    "λ = {most} is too much: the test score is lower than with λ = {middle}.",
    "λ = {most:은} 지나치다: 테스트 점수가 λ = {middle}일 때보다 낮다.",
)
_SAME = Text(
    "Weight decay is an L2 penalty: Adam with the penalty and AdamW reach the same test score, within {alike:g} points.",
    "가중치 감쇠는 L2 벌점이다: 벌점을 준 Adam과 AdamW의 테스트 점수가 {alike:g} %포인트 안에서 같다.",
)
_IS_RIDGE = Text(
    "On a linear model gradient descent with decay ends at ridge regression, within a hundredth.",
    "선형 모델에서 감쇠가 있는 경사 하강법은 100분의 1 안에서 능형 회귀의 해에 이른다.",
)
_APART = Text("distance of the weights to those of ridge regression, relative", "능형 회귀의 해와 가중치의 상대 거리")
_TITLE = Text("Test score by weight decay: {scores}", "가중치 감쇠에 따른 테스트 점수: {scores}")
_SIZES = Text("Norm of the weights: {sizes}", "가중치의 크기(norm): {sizes}")
_AGAINST = Text(
    "λ = {strength} as decay, {decay}; as a penalty in Adam, {penalty}",
    "λ = {strength}, 감쇠로 쓰면 {decay}, Adam에서 벌점으로 쓰면 {penalty}",
)
_PAIR = Text("{name}: {value}", "{name}: {value}")
_NONE, _LAMBDA_IS, _LAMBDA = Text("no decay", "감쇠 없음"), Text("λ = {value}", "λ = {value}"), Text("{value}", "{value}")
_PENALTY = Text("L2 penalty λ = {value} in Adam", "Adam의 L2 벌점 λ = {value}")
_STRENGTH = Text("strength λ of the decay", "감쇠의 세기 λ")
_NORM = Text("norm ‖w‖ of all weights", "모든 가중치의 크기 ‖w‖")
_READ_SIZES = Text(
    "The same networks from the same initial weights; all that differs is λ.",
    "같은 신경망, 같은 처음 가중치에서 λ만 다르다.",
)
_TRY_CLEAN = Text("True labels: is there anything left to gain?", "옳은 레이블: 그래도 얻을 것이 있는가?")
_TRY_FINER = Text("Strengths closer together", "더 촘촘한 세기")
_TRY_DATA = Text("Values to predict instead of classes", "클래스 대신 값을 예측한다")
_TRY_DEEPER = Text("Three hidden layers", "은닉층 세 개")
_NOT_ADAMW = Text(
    "weight-decay varies the decay of adamw. Expected an optimizer such as adamw(lr=0.01). Received: {received}",
    "weight-decay는 adamw의 감쇠를 바꾼다. adamw(lr=0.01) 같은 옵티마이저여야 한다. 받은 것: {received}",
)
_STRENGTHS = Text(
    "strengths: expected at least two different ones. Received: {received}",
    "strengths: 서로 다른 값이 둘 이상이어야 한다. 받은 것: {received}",
)
