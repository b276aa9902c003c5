"""Can one hidden layer approximate any function?"""

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
from whynet.figures import by_depth
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Claim, Judged, Measured, exactly
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import widths_of
from whynet.questions.networks.built import HIGH, answers, errors_of, rate
from whynet.questions.networks.shapes import Wave
from whynet.questions.numbers import METRICS, mean_of, score, scores
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, canonical, register
from whynet.spec import Spec
from whynet.text import Text, plain

DATA = Spec("sine", {"n": 400, "waves": 2.0, "noise": 0.0})
LEAST = 1e-12  # a share of the variance below this counts as this
ENOUGH = 0.99
BEYOND = 0.5  # r² outside the data that would count as going on


@register(
    "question",
    name="universal-approximation",
    place=30,
    year=1989,
    source="Cybenko; Hornik, Stinchcombe and White",
    en="Can one hidden layer approximate any function, and does training find it?",
    ko="은닉층(hidden layer) 하나로 어떤 함수든 근사할 수 있는가? 학습이 그것을 찾아내는가?",
)
@dataclass(frozen=True)
class UniversalApproximation(Question):
    """One hidden layer put together by hand, and the same layer trained, for more and more units.

    ``model``: an mlp of one hidden layer, whose units are the factor. Raises `OptionError` where it is another.
    """

    data: str | Spec = DATA
    model: Spec = Spec("mlp", {"widths": [64]})  # noqa: RUF009  a spec is frozen
    widths: Sequence[Annotated[int, Range(least=1, most=4096)]] | None = None
    optimizer: Spec = Spec("adam", {"lr": 0.01})  # noqa: RUF009
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Each hidden unit with a ReLU bends the answer at one place. With N of them at hand the answer can be made of N straight "
            "pieces, laid along any curve; twice the pieces follow it four times as closely. So for any continuous function and any "
            "tolerance there is a width that is enough. Cybenko (1989) proved it for sigmoids, and here it is done by hand.",
            "ReLU를 쓰는 은닉 유닛은 답을 한 곳에서 꺾는다. 유닛이 N개면 답을 직선 조각 N개로 만들어 어떤 곡선에든 따라 놓을 수 있고, "
            "조각이 두 배면 네 배 가깝게 따라간다. 그래서 어떤 연속 함수와 어떤 오차에 대해서든 충분한 너비가 있다. "
            "시그모이드(sigmoid)에 대해서는 Cybenko(1989)가 증명했고, 여기서는 손으로 만들어 보인다.",
        ),
        Text(
            "The theorem says that such weights exist. It does not say how many units are needed, nor that gradient descent finds the "
            "weights, nor anything about inputs outside the range on which the function was met.",
            "정리는 그런 가중치가 존재한다고 말한다. 유닛이 몇 개 필요한지, 경사 하강법(gradient descent)이 그 가중치를 찾아내는지, "
            "함수를 맞춘 범위 밖에서는 어떤지에 대해서는 아무 말도 하지 않는다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "f(x) = g(t₀) + Σ_k (s_k − s_{k−1}) · max(0, x − t_k),   s_k = (g(t_{k+1}) − g(t_k)) / (t_{k+1} − t_k)\n"
        "max |f − g| ≤ h² · max|g″| / 8,   h = 2 / N:   the error falls as N⁻²",
        "f(x) = g(t₀) + Σ_k (s_k − s_{k−1}) · max(0, x − t_k),   s_k = (g(t_{k+1}) − g(t_k)) / (t_{k+1} − t_k)\n"
        "max |f − g| ≤ h² · max|g″| / 8,   h = 2 / N:   오차는 N⁻²에 비례해 줄어든다",
    )
    sources: ClassVar[Sequence[str]] = (
        "Cybenko, Approximation by superpositions of a sigmoidal function (1989)",
        "Hornik, Stinchcombe and White, Multilayer feedforward networks are universal approximators (1989)",
        "Barron, Universal approximation bounds for superpositions of a sigmoidal function (1993)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if len(widths_of(self.model)) != 1:
            raise OptionError(_NOT_ONE, received=str(self.model))
        if len(set(self.levels)) < 2:
            raise OptionError(_TWO_WIDTHS, received=str(list(self.levels)))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The widths compared, from narrow to wide."""
        return tuple(sorted(self.widths or ((2, 8, 32, 128) if self.quick else (2, 4, 8, 16, 32, 64, 128, 256))))

    @cached_property
    def base(self) -> Recipe:
        """The network whose width is the factor."""
        return recipe(self.data, self.model, optimizer=self.optimizer, epochs=self.epochs or (100 if self.quick else 300))

    @property
    def wave(self) -> Wave | None:
        """The function behind the data, where it is known: the data set ``sine``."""
        data = self.base.data
        if not isinstance(data, Spec) or data.name != "sine":
            return None
        return Wave(float(canonical("data", data).options.get("waves", 1.0)))  # type: ignore[arg-type]

    @property
    def by_hand(self) -> Wave:
        """The function that is approximated by hand: the one behind the data, otherwise two waves."""
        return self.wave or Wave(2.0)

    def measure(self, listen: Listen) -> Evidence:
        """The width as the factor; the same widths built by hand; and the answers beyond the data."""
        levels = [Level(str(n), self.base.change(model=self.model.replace(widths=[n]))) for n in self.levels]
        one = compare_levels(levels, ["model.widths"], self.seeds or (5 if self.quick else 10), listen=listen)
        tables = {"built": errors_of(self.by_hand, self.levels)}
        if self.wave:
            rows = [(seed, outside(fitted.module, self.wave)) for seed, fitted in enumerate(one.arms[str(self.levels[-1])])]
            tables["outside"] = pd.DataFrame(rows, columns=["seed", "r2"])
        return Evidence({"width": one}, tables)

    def claims(self) -> Sequence[Claim]:
        """What can be built, what is found, and what lies beyond."""
        widest, waves = self.levels[-1], {"f": f"sin({self.by_hand.waves:g}πx)", "n": self.levels[-1]}
        claims = [
            Claim("bound", _BOUND.fill(**waves), _worst_ratio, Range(least=0, most=1)),
            Claim("rate", _RATE, lambda e: exactly(rate(e.tables["built"]), _POWER), Range(least=-2.2, most=-1.8)),
            Claim("wider", _WIDER, lambda e: mean_of(_slopes(e.comparisons["width"]), _SLOPE), Range(below=0)),
            Claim(
                "enough",
                _ENOUGH.fill(n=widest),
                lambda e: score(e.comparisons["width"], str(widest)),
                Range(least=ENOUGH),
                True,
            ),
        ]
        if self.wave:
            claims += [
                Claim("found", _FOUND.fill(n=widest), lambda e: _trained_to_built(e, str(widest)), Range(most=0), saying=True),
                Claim(
                    "beyond",
                    _GOES_ON,
                    lambda e: mean_of(e.tables["outside"]["r2"].to_numpy(float), _R2_OUT),
                    Range(least=BEYOND),
                    True,
                ),
            ]
        return claims

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """What is built, what is found, what lies beyond."""
        found = self._found(evidence)
        return (_VERDICT if self.wave else _VERDICT_HERE).fill(**found)

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        one, table = evidence.comparisons["width"], evidence.tables["built"]
        first, last = (str(n) for n in (self.levels[0], self.levels[-1]))
        beyond = evidence.tables["outside"]["r2"].mean() if self.wave else np.nan
        return {
            "few": first, "many": last, "power": number(rate(table), 3), "metric": METRICS[one.metric],
            "poor": score(one, first).alone, "good": score(one, last).alone, "beyond": number(float(beyond), 2),
            "worst": number(float(table["worst"].iloc[-1]), 2), "trained": number(float(np.exp(np.log(_left(one, last)).mean())), 2),
            "built": number(float(table["left"].iloc[-1]), 2), "f": f"sin({self.by_hand.waves:g}πx)",
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The error by width, built and trained; the curves of the first seed, within the data and beyond."""
        one, table, found = evidence.comparisons["width"], evidence.tables["built"], self._found(evidence)
        falling, drawn_curves = _FALLING.fill(**found), _CURVES.fill(**found)

        def fall() -> Figure:
            trained = pd.DataFrame({str(n): _left(one, str(n)) for n in self.levels})
            shown: dict[str, pd.Series | pd.DataFrame] = {str(_TRAINED): trained}
            if self.wave:
                shown[str(_BUILT)] = pd.Series(table["left"].to_numpy(), index=[str(n) for n in self.levels])
            return by_depth(shown, title=falling, quantity=_LEFT.fill(metric=METRICS[one.metric]), x=_WIDTH)

        def fits() -> Figure:
            assert self.wave is not None  # the figure is offered only then
            x = torch.linspace(-HIGH, 2 * HIGH, 301, dtype=torch.float64)
            shown = [self.levels[0], self.levels[len(self.levels) // 2], self.levels[-1]]
            table = {"x": x.numpy(), str(_TRUTH): self.wave(x).numpy()}
            table |= {str(_UNITS.fill(n=n)): answers(one.arms[str(n)][0].module, x).numpy() for n in shown}
            figure = lines.trend(
                pd.DataFrame(table), "x", list(table)[1:], title=drawn_curves, y_name=plain("f(x)"), x_name=plain("x")
            )
            figure.axes[0].set_ylim(-2, 2)
            return remarks.span(figure, HIGH, 2 * HIGH, _NO_DATA)

        drawn = [Drawn(falling, fall, _READ_FALLING)]
        return [*drawn, Drawn(drawn_curves, fits, _READ_CURVES)] if self.wave else drawn

    def changes(self) -> Sequence[Change]:
        """Smooth units, more waves, more time, other data."""
        return [
            Change(_TRY_TANH, "whynet ask universal-approximation --model 'mlp(widths=[64], activation=tanh)'"),
            Change(_TRY_WAVES, "whynet ask universal-approximation --data 'sine(n=400, waves=8.0, noise=0.0)'"),
            Change(_TRY_LONGER, "whynet ask universal-approximation --set epochs=2000"),
            Change(_TRY_DATA, "whynet ask universal-approximation --data parabola"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def outside(module: torch.nn.Module, wave: Wave) -> float:
    """r² on the stretch as long as half the data that follows them, at least −1."""
    x = torch.linspace(HIGH, 2 * HIGH, 501, dtype=torch.float64)
    truth = wave(x)
    left = ((answers(module, x) - truth) ** 2).mean() / truth.var(correction=0)
    return max(-1.0, 1 - float(left))


def _left(one: Comparison, level: str) -> np.ndarray:
    """1 − metric, a value for each seed: of r² the share of the variance that is left."""
    return np.maximum(1 - scores(one, level), LEAST)


def _slopes(one: Comparison) -> np.ndarray:
    """By what log₁₀ of the error changes with each doubling of the width, a value for each seed."""
    widths = np.log2([float(level.name) for level in one.levels])
    errors = np.log10(np.array([_left(one, level.name) for level in one.levels]))  # (widths, seeds)
    return np.asarray(np.polyfit(widths, errors, 1)[0])


def _worst_ratio(evidence: Evidence) -> Measured:
    table = evidence.tables["built"]
    return exactly(float((table["worst"] / table["bound"]).max()), _RATIO)


def _trained_to_built(evidence: Evidence, level: str) -> Measured:
    table = evidence.tables["built"].set_index("units")
    built = float(table.loc[int(level), "left"])  # type: ignore[arg-type]
    return mean_of(np.log10(_left(evidence.comparisons["width"], level) / built), _ORDERS)


_RATIO = Text(
    "largest error over what theory allows, at the worst of all widths",
    "이론이 허용하는 값에 대한 최대 오차의 비, 가장 나쁜 너비에서",
)
_POWER = Text("the power of N in the largest error", "최대 오차에서 N의 지수")
_SLOPE = Text("change of log₁₀(1 − metric) with each doubling of the width", "너비가 두 배가 될 때 log₁₀(1 − 지표)의 변화")
_ORDERS = Text("log₁₀ of trained error over built error, in variance", "log₁₀(학습한 오차 / 손으로 만든 오차), 분산 기준")
_R2_OUT = Text("r² on the stretch after the data", "데이터 바로 다음 구간의 결정계수(r²)")
_BOUND = Text(
    "Built by hand, N units stay within h² max|f″| / 8 of {f}, for every N tried.",
    "손으로 만든 유닛 N개는 시도한 모든 N에서 {f}와의 차이가 h² max|f″| / 8을 넘지 않는다.",
)
_RATE = Text(
    "Built by hand, twice the units make a quarter of the error: N to the power −2 between the two widest.",
    "손으로 만들면 유닛이 두 배일 때 오차는 4분의 1이다. 가장 넓은 둘 사이에서 N의 −2제곱이다.",
)
_WIDER = Text(
    "Trained networks get better with every doubling of the width.", "학습한 신경망은 너비가 두 배가 될 때마다 나아진다."
)
_ENOUGH = Text("Wide enough it fits: {n} trained units reach 0.99.", "충분히 넓으면 맞춘다. 학습한 유닛 {n}개가 0.99에 이른다.")
_FOUND = Text(
    "What exists is found: {n} trained units come as near as {n} built by hand.",
    "존재하는 것은 찾아낸다. 학습한 유닛 {n}개가 손으로 만든 {n}개만큼 가깝다.",
)
_GOES_ON = Text(
    "Having learned the wave it goes on beyond the data: r² of 0.5 there.",
    "물결을 배웠으므로 데이터 밖에서도 이어 간다. 거기서 결정계수가 0.5 이상이다.",
)
_VERDICT = Text(
    "Built by hand, {many} units come within {worst} of {f}, and the error falls as N to the power {power}. Trained, {few} units "
    "reach {poor} and {many} units {good} ({metric}); of the variance {trained} is left, by hand {built}. Beyond the data r² is "
    "{beyond}.",
    "손으로 만든 유닛 {many}개는 {f:과} 많아야 {worst}만큼 다르고, 오차는 N의 {power}제곱으로 줄어든다. 학습하면 유닛 {few}개는 "
    "{poor}, {many}개는 {good}에 이른다({metric}). 남는 분산의 비율은 학습 {trained}, 손 {built}. 데이터 밖의 결정계수는 "
    "{beyond:이다}.",
)
_VERDICT_HERE = Text(
    "Built by hand, {many} units come within {worst} of {f}, and the error falls as N to the power {power}. Trained on these data, "
    "{few} units reach {poor} and {many} units {good} ({metric}).",
    "손으로 만든 유닛 {many}개는 {f:과} 많아야 {worst}만큼 다르고, 오차는 N의 {power}제곱으로 줄어든다. 이 데이터로 학습하면 "
    "유닛 {few}개는 {poor}, {many}개는 {good}에 이른다({metric}).",
)
_FALLING = Text("{metric}: {poor} with {few} units, {good} with {many}", "{metric}: 유닛 {few}개는 {poor}, {many}개는 {good}")
_CURVES = Text("Beyond the data {many} units reach r² = {beyond}", "데이터 밖에서 유닛 {many}개의 결정계수(r²)는 {beyond:이다}")
_TRAINED = Text("trained", "학습한 것")
_BUILT = Text("built by hand", "손으로 만든 것")
_LEFT = Text("1 − {metric}", "1 − {metric}")
_WIDTH = Text("hidden units", "은닉 유닛의 수")
_TRUTH = Text("the function", "원래 함수")
_UNITS = Text("{n} units", "유닛 {n}개")
_NO_DATA = Text("no data here", "데이터 없음")
_READ_FALLING = Text(
    "What is left of the variance. The gap between the lines is what exists and training does not find.",
    "남아 있는 분산의 비율이다. 두 선의 간격은 존재하지만 학습이 찾아내지 못하는 만큼이다.",
)
_READ_CURVES = Text(
    "The first seed. Past the last bend a ReLU network goes straight on. An r² below −1 counts as −1.",
    "첫 시드(seed)다. 마지막으로 꺾인 곳을 지나면 ReLU 신경망은 곧게 나아간다. −1보다 작은 결정계수는 −1로 친다.",
)
_TRY_TANH = Text("Smooth units: do they find it sooner?", "매끄러운 유닛: 더 빨리 찾아내는가?")
_TRY_WAVES = Text("Four times the waves: how many units does it take now?", "물결이 네 배: 이제 유닛이 몇 개 필요한가?")
_TRY_LONGER = Text(
    "More time: does the gap to the built network close?", "시간을 더 준다: 손으로 만든 것과의 간격이 사라지는가?"
)
_TRY_DATA = Text("A parabola, with noise: what limits it there?", "잡음 섞인 포물선: 거기서는 무엇이 한계인가?")
_NOT_ONE = Text(
    "universal-approximation varies the width of one hidden layer. Expected a model such as mlp(widths=[64]). Received: {received}",
    "universal-approximation은 은닉층 하나의 너비를 바꾼다. mlp(widths=[64]) 같은 모델이어야 한다. 받은 것: {received}",
)
_TWO_WIDTHS = Text(
    "widths: expected at least two different widths. Received: {received}",
    "widths: 서로 다른 너비가 둘 이상이어야 한다. 받은 것: {received}",
)
