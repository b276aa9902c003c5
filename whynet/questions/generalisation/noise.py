"""Why does noise in training help, and where should it be put?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, cast

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.statistics import paired
from whynet.figures.charts import lines
from whynet.questions.claim import Claim, Judged, Measured, written
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.layers import layers_of
from whynet.questions.generalisation.setting import ADAM, DATA, NETWORK, count, network
from whynet.questions.numbers import difference, gap, mean_of, score, score_on
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.rng import generator
from whynet.spec import Spec, Value
from whynet.text import Text, join

ON_INPUTS, ON_WEIGHTS = (0.1, 0.3, 1.0), (0.03, 0.1, 0.3)
DAMAGE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # standard deviations of what is added to the test inputs
LINEAR = 0.5  # and to those of the linear network, whose solution is known
CLOSE = 0.1  # relative distance to it that counts as reaching it


@register(
    "question",
    name="noise",
    place=60,
    year=1995,
    source="Bishop, Training with noise is equivalent to Tikhonov regularization",
    en="Why does noise on inputs or weights help a network to generalise?",
    ko="입력이나 가중치에 더한 잡음(noise)은 왜 일반화에 도움이 되는가?",
)
@dataclass(frozen=True)
class Noise(Question):
    """Test score by the standard deviation of Gaussian noise on inputs and on weights; on noisy test inputs; and ridge regression.

    ``model``: an mlp. Raises `OptionError` where it is another.
    """

    data: str | Spec = DATA
    model: Spec = NETWORK
    optimizer: Spec = ADAM
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Noise on the inputs shows the network each example in ever new versions, all with the same answer. It can then no longer "
            "bend its answer around the exact point at which a wrong example lies: it has to be smooth as far as the noise reaches. "
            "Noise on the weights asks the same of the weights: only solutions last whose neighbours are nearly as good, flat "
            "minima.",
            "입력에 잡음을 더하면 신경망은 예제마다 답은 같고 모습은 늘 새로운 입력을 본다. 그러면 틀린 예제가 놓인 바로 그 점에서만 답을 "
            "꺾을 수 없고, 잡음이 닿는 만큼 답이 매끄러워야 한다. 가중치에 더한 잡음은 가중치에 같은 것을 요구한다. 둘레의 가중치도 거의 "
            "그만큼 좋은 해, 곧 평평한 최솟값(flat minimum)만 남는다.",
        ),
        Text(
            "For small noise the mean loss is the loss itself plus a penalty on the slope of the answer. On a linear model the slope "
            "is the weights, so noise on the inputs is exactly ridge regression. Too much of either drowns what is to be learned.",
            "잡음이 작으면 평균 손실은 원래 손실에 답의 기울기에 대한 벌점(penalty)을 더한 것이다. 선형 모델에서는 그 기울기가 곧 "
            "가중치이므로 입력의 잡음은 능형 회귀(ridge regression)와 똑같다. 어느 쪽이든 지나치면 배울 것까지 잠긴다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "E_ε L(f(x + σε), y) ≈ L(f(x), y) + σ²/2 · tr ∇²_x L\n"
        "linear, squared error:   E_ε (y − w·(x + σε))² = (y − w·x)² + σ² ‖w‖²",
        "E_ε L(f(x + σε), y) ≈ L(f(x), y) + σ²/2 · tr ∇²_x L\n선형, 제곱 오차:   E_ε (y − w·(x + σε))² = (y − w·x)² + σ² ‖w‖²",
    )
    sources: ClassVar[Sequence[str]] = (
        "Murray and Edwards, Synaptic weight noise during multilayer perceptron learning (1994)",
        "Bishop, Training with noise is equivalent to Tikhonov regularization (1995)",
        "An, The effects of adding noise during backpropagation training on a generalization performance (1996)",
    )

    def __post_init__(self) -> None:
        """Refuse a model without layers to put noise between. Raises `OptionError`."""
        if self.model.name != "mlp":
            raise OptionError(_NOT_MLP, received=str(self.model))

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def base(self) -> Recipe:
        """The network without noise."""
        return network(self.data, self.model, self.optimizer, self.steps, self.quick)

    def with_noise(self, std: float, where: str) -> Recipe:
        """The network with noise on its inputs or on the weights of its hidden layers."""
        layers = layers_of(cast(Spec, self.base.model))
        if where == "inputs":
            layers.insert(0, Spec("noise", {"std": std}))
        else:
            layers = [
                Spec("noisy_linear", {"units": part.options["units"], "std": std}) if part.name == "linear" else part
                for part in layers
            ]
        return self.base.change(model=Spec("sequential", {"layers": list[Value](layers)}))

    def measure(self, listen: Listen) -> Evidence:
        """The strength as the factor, on inputs and on weights; and a linear network with noise on its inputs."""
        seeds = count(self.seeds, self.quick)
        found = {
            where: compare_levels(
                [Level(f"{s:g}", self.with_noise(s, where)) for s in (0.0, *stds)], ["model"], seeds, listen=listen
            )
            for where, stds in (("inputs", ON_INPUTS), ("weights", ON_WEIGHTS))
        }
        linear = recipe(
            "diabetes", f"sequential([noise(std={LINEAR})])", optimizer="sgd(lr=0.02)", batch_size="all", steps=600
        )  # fmt: skip
        ridge = compare_levels([Level("noise", linear)], ["model"], seeds, listen=listen)
        tables = {
            "damaged": _damaged(found["inputs"]),
            "ridge": pd.DataFrame({"seed": ridge.seeds, "apart": ridge_apart(ridge)}),
        }
        return Evidence({**found, "ridge": ridge}, tables)

    def claims(self) -> Sequence[Claim]:
        """What noise does to score, gap and noisy inputs; and what it equals."""
        middle, most = (f"{ON_INPUTS[i]:g}" for i in (1, 2))
        weights = f"{ON_WEIGHTS[1]:g}"
        fill = {"middle": middle, "most": most, "weights": weights, "close": f"{100 * CLOSE:.0f}"}
        more, less = Range(above=0), Range(below=0)
        return [
            Claim(
                "inputs", _INPUTS.fill(**fill), lambda e: difference(e.comparisons["inputs"], middle, "0"), more, saying=True
            ),
            Claim("gap", _GAP.fill(**fill), lambda e: gaps.gap_change(e.comparisons["inputs"], middle, "0"), less),
            Claim("robust", _ROBUST.fill(**fill), lambda e: _on_damaged(e, middle), more),
            Claim(
                "too-much",
                _TOO_MUCH.fill(**fill),
                lambda e: difference(e.comparisons["inputs"], most, middle),
                less,
                saying=True,
            ),
            Claim(
                "weights",
                _WEIGHTS.fill(**fill),
                lambda e: difference(e.comparisons["weights"], weights, "0"),
                more,
                saying=True,
            ),
            Claim(
                "ridge",
                _RIDGE.fill(**fill),
                lambda e: mean_of(e.tables["ridge"]["apart"].to_numpy(dtype=float), _APART),
                Range(below=CLOSE),
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Where noise does best, and what became of the sayings."""
        told = [
            words.fill(told=gaps.told(evidence.comparisons[where], self._names(where)))
            for where, words in (("inputs", _ON_INPUTS), ("weights", _ON_WEIGHTS))
        ]
        return join([*told, gaps.sayings(judged)])

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Scores by noise on the inputs and on the weights, scores on noisy test inputs, and each strength against none."""
        inputs, weights, table = evidence.comparisons["inputs"], evidence.comparisons["weights"], evidence.tables["damaged"]
        titles = [
            words.fill(scores=gaps.listed(one, self._names(where)))
            for where, one, words in (("inputs", inputs, _BY_INPUTS), ("weights", weights, _BY_WEIGHTS))
        ]
        apart = gaps.against(inputs, self._names("inputs"))
        worst = table[table["damage"] == DAMAGE[-1]].groupby("level", sort=False)["score"].mean()
        style = score(inputs, "0").style
        unit = " %" if style == "percent" else ""
        ends = [
            _PAIR.fill(name=name, value=written(float(worst[key]), style) + unit) for key, name in self._names("inputs").items()
        ]
        robust = _DAMAGED.fill(std=DAMAGE[-1], scores=join(ends, ", "))

        def places(stds: Sequence[float]) -> dict[str, Text]:
            return {f"{std:g}": _STD.fill(std=f"{std:g}") for std in (0.0, *stds)}

        def damaged() -> Figure:
            names = {key: str(name) for key, name in self._names("inputs").items()}
            named = table.assign(level=table["level"].map(names))
            y = gaps.SHORT[inputs.metric]
            return lines.interval(named, "damage", "score", by="level", title=robust, x_name=_ON_TEST, y_name=y)

        return [
            Drawn(titles[0], lambda: gaps.train_and_test(inputs, places(ON_INPUTS), titles[0], _X_INPUTS), gaps.READ_BOTH),
            Drawn(titles[1], lambda: gaps.train_and_test(weights, places(ON_WEIGHTS), titles[1], _X_WEIGHTS), gaps.READ_BOTH),
            Drawn(robust, damaged, _READ_DAMAGED),
            Drawn(apart, lambda: forest(inputs, self._names("inputs"), apart), gaps.READ_PAIRED),
        ]

    def _names(self, where: str) -> dict[str, Text]:
        stds = ON_INPUTS if where == "inputs" else ON_WEIGHTS
        return {"0": _NONE, **{f"{std:g}": _STD_IS.fill(std=f"{std:g}") for std in stds}}

    def changes(self) -> Sequence[Change]:
        """True labels, other data, a deeper network."""
        return [
            Change(_TRY_CLEAN, "whynet ask noise --data 'digits(train=200)'"),
            Change(_TRY_VALUES, "whynet ask noise --data diabetes"),
            Change(_TRY_DEEPER, "whynet ask noise --model 'mlp(widths=[64, 64, 64])'"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def _damaged(one: Comparison) -> pd.DataFrame:
    """The score of every level on test inputs with noise added, the same noise for all: columns level, seed, damage, score."""
    rows = []
    for level, arms in one.arms.items():
        for seed, fitted in zip(one.seeds, arms, strict=True):
            x = fitted.dataset.test.x
            noise = torch.randn(x.shape, generator=generator(seed, "noise", "test"))
            rows += [(level, seed, std, score_on(fitted, x + std * noise)) for std in DAMAGE]
    return pd.DataFrame(rows, columns=["level", "seed", "damage", "score"])


def _on_damaged(evidence: Evidence, level: str) -> Measured:
    """Score on inputs with as much noise as that level was trained with − the score of the network trained without."""
    table = evidence.tables["damaged"]
    table = table[np.isclose(table["damage"], float(level))]
    ours, theirs = (table.loc[table["level"] == key, "score"].to_numpy(dtype=float) for key in (level, "0"))
    return Measured(paired(ours, theirs).difference, _ON_NOISY, gap(evidence.comparisons["inputs"]))


def ridge_apart(one: Comparison) -> np.ndarray:
    """‖w − w*‖ / ‖w*‖ with w* = (XᵀX + nσ² I)⁻¹ Xᵀy on centred data, a value for each seed; the bias takes no part in it."""
    apart = []
    for fitted in one.arms["noise"]:
        x, y = (part - part.mean(0) for part in (fitted.dataset.train.x.double(), fitted.dataset.train.y.double()))
        known = torch.linalg.solve(x.T @ x + len(x) * LINEAR**2 * torch.eye(x.shape[1], dtype=torch.float64), x.T @ y).flatten()
        learned = next(part.detach().double().flatten() for part in fitted.module.parameters() if part.ndim == 2)
        apart.append(float((learned - known).norm() / known.norm()))
    return np.array(apart)


_INPUTS = Text(
    "Noise of standard deviation {middle} on the inputs raises the test score.",
    "입력에 더한 표준편차 {middle}의 잡음은 테스트 점수를 높인다.",
)
_GAP = Text(
    "Noise of {middle} on the inputs narrows the gap between training and test score.",
    "입력에 더한 {middle}의 잡음은 훈련 점수와 테스트 점수의 격차를 줄인다.",
)
_ROBUST = Text(
    "On test inputs with as much noise, the network that was trained with it does better.",
    "테스트 입력에도 그만큼 잡음이 있으면, 잡음과 함께 학습한 신경망이 더 낫다.",
)
_TOO_MUCH = Text(
    "{most} is too much: the test score is lower than with {middle}.",
    "{most:은} 지나치다: 테스트 점수가 {middle}일 때보다 낮다.",
)
_WEIGHTS = Text(
    "Noise of standard deviation {weights} on the weights raises the test score.",
    "가중치에 더한 표준편차 {weights}의 잡음은 테스트 점수를 높인다.",
)
_RIDGE = Text(
    "On a linear model noise on the inputs is ridge regression: the weights end within {close} % of its solution.",
    "선형 모델에서 입력의 잡음은 능형 회귀다: 가중치가 그 해의 {close} % 안에 이른다.",
)
_APART = Text("distance of the weights to those of ridge regression, relative", "능형 회귀의 해와 가중치의 상대 거리")
_ON_NOISY = Text("difference in score on noisy test inputs, same seeds", "잡음 섞인 테스트 입력에서 점수의 차이, 같은 시드끼리")
_ON_INPUTS, _ON_WEIGHTS = (
    Text("On the inputs. {told}", "입력에 더하면. {told}"),
    Text("On the weights. {told}", "가중치에 더하면. {told}"),
)
_BY_INPUTS = Text("Test score by noise on the inputs: {scores}", "입력의 잡음에 따른 테스트 점수: {scores}")
_BY_WEIGHTS = Text("Test score by noise on the weights: {scores}", "가중치의 잡음에 따른 테스트 점수: {scores}")
_DAMAGED = Text(
    "On test inputs with noise of {std}, trained with {scores}",
    "잡음 {std:을} 더한 테스트 입력에서, 학습 때의 잡음에 따라: {scores}",
)
_PAIR = Text("{name}: {value}", "{name}: {value}")
_NONE, _STD_IS, _STD = Text("no noise", "잡음 없음"), Text("σ = {std}", "σ = {std}"), Text("{std}", "{std}")
_X_INPUTS = Text("standard deviation σ of the noise on the inputs, in training", "학습할 때 입력에 더한 잡음의 표준편차 σ")
_X_WEIGHTS = Text("standard deviation σ of the noise on the weights, in training", "학습할 때 가중치에 더한 잡음의 표준편차 σ")
_ON_TEST = Text("standard deviation of the noise on the test inputs", "테스트 입력에 더한 잡음의 표준편차")
_READ_DAMAGED = Text(
    "The trained networks on ever noisier test inputs, the same noise for all. A line that stays flat is a robust network.",
    "학습한 신경망에 점점 잡음이 큰 테스트 입력을 준다. 잡음은 모두에게 같다. 선이 평평할수록 잡음에 강하다.",
)
_TRY_CLEAN = Text("True labels: is there anything left to gain?", "옳은 레이블: 그래도 얻을 것이 있는가?")
_TRY_VALUES = Text("Values to predict instead of classes", "클래스 대신 값을 예측한다")
_TRY_DEEPER = Text("Three hidden layers", "은닉층 세 개")
_NOT_MLP = Text(
    "noise is put between the layers of an mlp. Expected a model such as mlp(widths=[64]). Received: {received}",
    "noise는 mlp의 층 사이에 잡음을 더한다. mlp(widths=[64]) 같은 모델이어야 한다. 받은 것: {received}",
)
