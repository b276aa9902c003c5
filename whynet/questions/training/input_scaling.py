"""Why put inputs on a common scale?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.data.dataset import Dataset
from whynet.engine.fit import Fitted
from whynet.engine.metrics import score as graded
from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures.charts import bars, lines
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import METRICS, difference, gap, mean_of, score, scores
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.questions.training.charts import against_chance
from whynet.questions.training.rates import RATE, rate_ticks
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join, plain

NETWORK = Spec("mlp", {"widths": [32]})
SCALES: Mapping[str, Text] = {
    "none": Text("as they are", "그대로"),
    "standard": Text("standardised", "표준화"),
    "minmax": Text("0 to 1", "0부터 1까지"),
}
OPTIMIZERS = {"sgd": plain("SGD"), "adam": plain("Adam")}


@register(
    "question",
    name="input-scaling",
    place=40,
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp",
    en="Why put inputs on a common scale, and does Adam make it unnecessary?",
    ko="입력의 크기를 왜 맞추는가? Adam을 쓰면 안 해도 되는가?",
)
@dataclass(frozen=True)
class InputScaling(Question):
    """κ of the inputs, and the score of a network at its best rate, raw, standardised and in [0, 1], under SGD and Adam.

    ``data``: in its own units; ``values``: data with values to predict, for the scale of the targets. Raises `OptionError` where
    ``data`` says a scale itself.
    """

    data: str | Spec = "wine"
    model: Spec = NETWORK
    values: str | Spec = "diabetes(scale=standard)"
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "The gradient of a weight is proportional to the input it multiplies. Where one column counts in thousands and another in "
            "hundredths, the loss is a ravine: steep along the weights of the large column, flat along those of the small one. One "
            "learning rate cannot serve both. Worse, an offset common to all examples makes every weight of a unit move the same "
            "way. Subtracting the mean and dividing by the spread turns the ravine into a bowl.",
            "가중치의 기울기(gradient)는 그것이 곱해지는 입력에 비례한다. 어떤 열은 천 단위이고 어떤 열은 0.01 단위라면 손실은 "
            "협곡이 된다. 큰 열의 가중치 쪽으로는 가파르고 작은 열의 가중치 쪽으로는 평평하다. 학습률(learning rate) 하나로 둘을 다 "
            "맞출 수는 없다. 모든 예제에 공통된 치우침도 문제다. 한 유닛의 가중치가 모두 같은 쪽으로 움직이게 된다. 평균을 빼고 "
            "퍼진 정도로 나누면 협곡이 그릇 모양이 된다.",
        ),
        Text(
            "Adam divides each weight's step by the size of its own gradient, which mends scales but not offsets. Whatever is done to "
            "the training inputs must be done, with the same numbers, to every input that follows: to a network trained on scaled "
            "inputs raw ones are another world. For values to predict the same reasoning holds: their units set those of the loss.",
            "Adam은 가중치마다 걸음을 자신의 기울기 크기로 나눈다. 크기 차이는 메우지만 치우침은 메우지 못한다. 훈련 입력에 한 일은 "
            "그 뒤의 모든 입력에 같은 수로 해야 한다. 크기를 맞춘 입력으로 배운 신경망에 날것 그대로의 입력은 다른 세상이다. 예측할 값도 "
            "마찬가지다. 값의 단위가 손실의 단위를 정한다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "∂L/∂w_ij = δ_i x_j\n"
        "linear: H = E x xᵀ,   κ = λ_max(H) / λ_min(H),   ρ = (κ − 1)/(κ + 1) a step at best\n"
        "standard: (x − mean) / std,   minmax: (x − min) / (max − min),   numbers from the training examples alone",
        "∂L/∂w_ij = δ_i x_j\n"
        "선형: H = E x xᵀ,   κ = λ_max(H) / λ_min(H),   한 걸음에 잘해야 ρ = (κ − 1)/(κ + 1)배\n"
        "standard: (x − 평균) / 표준편차,   minmax: (x − 최솟값) / (최댓값 − 최솟값),   수는 훈련 예제에서만 얻는다",
    )
    sources: ClassVar[Sequence[str]] = (
        "LeCun, Bottou, Orr and Müller, Efficient BackProp (1998)",
        "LeCun, Kanter and Solla, Eigenvalues of covariance matrices: application to neural-network learning (1991)",
        "Kingma and Ba, Adam: a method for stochastic optimization (2015)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        given = recipe(self.data).data
        if isinstance(given, Spec) and given.options.get("scale", "none") != "none":
            raise OptionError(_SCALED, received=str(given))

    # --- the experiment ------------------------------------------------------------------------------------------

    def network(self, optimizer: str) -> Recipe:
        """The network whose inputs are scaled, or not."""
        return recipe(self.data, self.model, optimizer=optimizer, epochs=self.epochs or (30 if self.quick else 60))

    def measure(self, listen: Listen) -> Evidence:
        """Scales under both optimizers, each at its best rate; targets at their best rates, and at that of scaled ones."""
        seeds = self.seeds or (5 if self.quick else 10)
        comparisons = {}
        for optimizer in OPTIMIZERS:
            base = self.network(optimizer)
            levels = [Level(scale, base.change(**{"data.scale": scale})) for scale in SCALES]
            comparisons[optimizer] = compare_levels(
                levels, ["data.scale"], seeds, baseline="standard", tune_rates=True, listen=listen
            )
        base = recipe(self.values, self.model, optimizer="sgd", epochs=20)
        targets = [Level(way, base.change(**{"data.targets": way})) for way in ("standard", "raw")]
        tuned = compare_levels(targets, ["data.targets"], seeds, tune_rates=True, listen=listen)
        rate = next(one.rate for one in tuned.tuned if one.level == "standard")
        common = [Level(one.name, one.recipe.change(**{"optimizer.lr": rate})) for one in targets]
        comparisons |= {"targets": tuned, "targets-at-one-rate": compare_levels(common, ["data.targets"], seeds, listen=listen)}
        rows = [
            (scale, seed, float(np.log10(condition(arm.dataset))))
            for scale, arms in comparisons["sgd"].arms.items()
            for seed, arm in enumerate(arms)
        ]
        conditions = pd.DataFrame(rows, columns=["scale", "seed", "log10_kappa"])
        mixed = [
            confused(*pair) for pair in zip(comparisons["sgd"].arms["standard"], comparisons["sgd"].arms["none"], strict=True)
        ]
        return Evidence(comparisons, {"conditions": conditions, "raw": pd.DataFrame({"score": mixed})})

    def claims(self) -> Sequence[Claim]:
        """The shape of the loss; with SGD, with Adam; the way of scaling; scaled and then not; the targets."""
        return [
            Claim("ravine", _RAVINE, _flattened, Range(least=2)),
            Claim("sgd", _SGD, lambda e: difference(e.comparisons["sgd"], "standard", "none"), Range(above=0)),
            Claim(
                "adam-does-not-mind",
                _ADAM,
                lambda e: difference(e.comparisons["adam"], "none", "standard"),
                Range(least=-0.02),
                saying=True,
            ),
            Claim(
                "either-way",
                _EITHER,
                lambda e: difference(e.comparisons["sgd"], "minmax", "standard"),
                Range(least=-0.02, most=0.02),
                saying=True,
            ),
            Claim("same-numbers", _SAME, _lost, Range(above=0.1)),
            Claim(
                "targets-too",
                _TARGETS,
                lambda e: difference(e.comparisons["targets"], "standard", "raw"),
                Range(above=0),
                saying=True,
            ),
            Claim(
                "targets-at-one-rate",
                _ONE_RATE,
                lambda e: difference(e.comparisons["targets-at-one-rate"], "standard", "raw"),
                Range(above=0),
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The scores of both optimizers, the condition, what raw inputs do to a network that learned scaled ones, the targets."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, Any]:
        """The numbers that verdict and titles speak of."""
        one, table = evidence.comparisons["sgd"], evidence.tables["conditions"]
        kappa = table.groupby("scale")["log10_kappa"].mean()
        targets, common = evidence.comparisons["targets"], evidence.comparisons["targets-at-one-rate"]
        return {
            "metric": METRICS[one.metric],
            **{name: _listed(evidence.comparisons[name]) for name in OPTIMIZERS},
            "kappas": join([_PAIR.fill(name=SCALES[scale], value=f"10^{kappa[scale]:.1f}") for scale in SCALES], ", "),
            "rates": join([_PAIR.fill(name=SCALES[found.level], value=f"{found.rate:.3g}") for found in one.tuned], ", "),
            "scaled": score(one, "standard").alone,
            "raw": mean_of(evidence.tables["raw"]["score"].to_numpy(dtype=float), METRICS[one.metric], score(one, "standard").style).alone,
            "value_metric": METRICS[targets.metric],
            **{f"targets_{way}": score(targets, way).alone for way in ("raw", "standard")},
            "common_raw": score(common, "raw").alone,
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The scores, the condition, the validation loss at every rate."""
        found, one = self._found(evidence), evidence.comparisons["sgd"]
        reached, ravine, rates = (text.fill(**found) for text in (_REACHED, _CONDITIONS, _RATES))

        def compared() -> Figure:
            rows = [
                (str(OPTIMIZERS[name]), str(SCALES[scale]), value)
                for name in OPTIMIZERS
                for scale in SCALES
                for value in scores(evidence.comparisons[name], scale)
            ]
            frame = pd.DataFrame(rows, columns=["optimizer", "scale", "score"])
            return against_chance(
                frame, "optimizer", "score", "scale", title=reached, x_name=_OPTIMIZER, y_name=METRICS[one.metric], chance=one.chance
            )  # fmt: skip

        def conditions() -> Figure:
            table = evidence.tables["conditions"]
            table = table.assign(scale=[str(SCALES[scale]) for scale in table["scale"]], by=str(_CONDITION))
            return bars.grouped(table, "scale", "log10_kappa", "by", title=ravine, x_name=_INPUTS, y_name=_LOG_KAPPA)

        def by_rate() -> Figure:
            table = pd.DataFrame({str(SCALES[tuned.level]): tuned.losses for tuned in one.tuned})
            names = list(table.columns)
            table = table.replace(np.inf, np.nan).clip(upper=100).apply(np.log10).assign(at=np.log10(table.index))
            return rate_ticks(lines.trend(table, "at", names, title=rates, x_name=RATE, y_name=_LOG_LOSS))

        return [
            Drawn(reached, compared, _READ_REACHED),
            Drawn(ravine, conditions, _READ_CONDITIONS),
            Drawn(rates, by_rate, _READ_RATES),
        ]

    def changes(self) -> Sequence[Change]:
        """More time, batch normalisation, pixels, other units."""
        return [
            Change(_TRY_LONGER, "whynet ask input-scaling --set epochs=300"),
            Change(_TRY_NORM, "whynet ask input-scaling --model 'mlp(widths=[32], norm=batch)'"),
            Change(_TRY_PIXELS, "whynet ask input-scaling --data digits --set epochs=10"),
            Change(_TRY_DATA, "whynet ask input-scaling --data breast_cancer"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def condition(dataset: Dataset) -> float:
    """κ = λ_max / λ_min of E x xᵀ over the training examples, a 1 beside the columns for the bias; λ below 1e-12 λ_max left out."""
    train = dataset.train
    x = train.pool_x[train.index].flatten(1).double().numpy()
    singular = np.linalg.svd(np.column_stack([x, np.ones(len(x))]), compute_uv=False)
    kept = singular[singular > 1e-6 * singular[0]]
    return float((kept[0] / kept[-1]) ** 2)


def confused(scaled: Fitted, raw: Fitted) -> float:
    """The score of a network that learned scaled inputs, on the same test examples as they are."""
    test = raw.dataset.test
    outputs = scaled.module(test.pool_x[test.index]).detach()
    _, reached = graded(outputs, test.pool_y[test.index], scaled.loss, scaled.dataset.task)
    return max(reached, -1.0)  # an r² has no floor of its own; see BOUNDS of comparisons


def _listed(one: Comparison) -> Text:
    return join([_PAIR.fill(name=SCALES[scale], value=score(one, scale).alone) for scale in SCALES], ", ")


def _flattened(evidence: Evidence) -> Measured:
    table = evidence.tables["conditions"].pivot_table(index="seed", columns="scale", values="log10_kappa")
    return mean_of((table["none"] - table["standard"]).to_numpy(dtype=float), _ORDERS)


def _lost(evidence: Evidence) -> Measured:
    one = evidence.comparisons["sgd"]
    return mean_of(scores(one, "standard") - evidence.tables["raw"]["score"].to_numpy(dtype=float), _DROP, gap(one))


_PAIR = Text("{name} {value}", "{name} {value}")
_SCALED = Text(
    "input-scaling scales the inputs itself. Expected data without a scale, such as wine. Received: {received}",
    "input-scaling은 입력의 크기를 스스로 바꾼다. wine처럼 scale이 없는 데이터여야 한다. 받은 것: {received}",
)
_ORDERS = Text("how many orders of magnitude κ falls by, same seeds", "κ가 줄어든 자릿수(log₁₀), 같은 시드끼리")
_DROP = Text("loss of score by raw test inputs, same networks", "날것 그대로의 테스트 입력 때문에 잃은 성적, 같은 신경망")
_RAVINE = Text(
    "Standardising makes the inputs' condition κ at least a hundred times smaller.",
    "표준화(standardise)하면 입력의 조건수(condition number) κ가 100분의 1 아래로 줄어든다.",
)
_SGD = Text(
    "With SGD the network is better on standardised inputs, each at its best rate.",
    "SGD에서는 저마다 가장 좋은 학습률을 써도 표준화한 입력에서 더 낫다.",
)
_ADAM = Text(
    "Adam makes scaling unnecessary: on raw inputs it is at most 2 points behind.",
    "Adam을 쓰면 크기를 맞추지 않아도 된다. 그대로의 입력에서도 2 %포인트 넘게 뒤지지 않는다.",
)
_EITHER = Text(
    "It does not matter how inputs are scaled: 0 to 1 is within 2 points of standardised.",
    "어떻게 맞추든 상관없다. 0부터 1까지로 옮긴 것과 표준화한 것의 차이는 2 %포인트를 넘지 않는다.",
)
_SAME = Text(
    "A network that learned standardised inputs loses more than 0.1 of its score on raw ones.",
    "표준화한 입력으로 배운 신경망은 그대로의 입력에서 성적을 0.1 넘게 잃는다.",
)
_TARGETS = Text(
    "Values to predict have to be scaled too: each at its best rate, scaled targets do better.",
    "예측할 값도 크기를 맞춰야 한다. 저마다 가장 좋은 학습률에서도 표준화한 값을 예측하는 쪽이 더 낫다.",
)
_ONE_RATE = Text(
    "At the rate that suits scaled targets, raw ones do worse.",
    "표준화한 값에 맞는 학습률을 쓰면 그대로의 값에서는 더 나쁘다.",
)
_VERDICT = Text(
    "{metric} at the best rates with SGD: {sgd}; with Adam: {adam}. κ: {kappas}. The network that learned standardised inputs "
    "({scaled}) reaches {raw} on raw ones. For values, {value_metric}: {targets_standard} with scaled targets, {targets_raw} with raw "
    "ones, and {common_raw} with raw ones at the rate of the scaled.",
    "가장 좋은 학습률에서의 {metric}: SGD {sgd}. Adam {adam}. κ: {kappas}. 표준화한 입력으로 배운 신경망({scaled})이 그대로의 입력에서는 "
    "{raw}. 값을 예측할 때 {value_metric}: 표준화한 값 {targets_standard}, 그대로의 값 {targets_raw}, 표준화한 값의 학습률로 배운 "
    "그대로의 값 {common_raw}.",
)
_REACHED = Text("{metric}, SGD: {sgd}; Adam: {adam}", "{metric}: SGD에서 {sgd}. Adam에서 {adam}")
_CONDITIONS = Text("Condition κ of the inputs: {kappas}", "입력의 조건수 κ: {kappas}")
_RATES = Text("Best learning rates of SGD: {rates}", "SGD의 가장 좋은 학습률: {rates}")
_READ_REACHED = Text(
    "The same networks from the same weights, each at the best of the same ten learning rates.",
    "같은 신경망, 같은 처음 가중치. 저마다 같은 학습률 열 개 가운데 가장 좋은 것을 쓴다.",
)
_READ_CONDITIONS = Text(
    "κ says how many times steeper the loss of a linear model is in its steepest direction than in its flattest; the axis counts zeros.",
    "κ는 선형 모델의 손실이 가장 가파른 방향에서 가장 평평한 방향보다 몇 배 가파른지를 말한다. 축은 자릿수(log₁₀)다.",
)
_READ_RATES = Text(
    "Validation loss at each rate, mean of two seeds that the comparison does not use, cut at 100. A wide low stretch forgives a wrong "
    "guess.",
    "학습률마다의 검증 손실이다. 비교에 쓰지 않는 시드 두 개의 평균이고 100에서 잘랐다. 낮은 구간이 넓으면 잘못 골라도 괜찮다.",
)
_OPTIMIZER = Text("optimizer", "옵티마이저(optimizer)")
_INPUTS = Text("inputs", "입력")
_CONDITION = Text("condition κ", "조건수 κ")
_LOG_KAPPA = Text("log₁₀ κ", "조건수 log₁₀ κ")
_LOG_LOSS = Text("log₁₀ of the validation loss", "검증 손실의 log₁₀")
_TRY_LONGER = Text("More time: do raw inputs catch up?", "시간을 더 준다: 그대로의 입력이 따라잡는가?")
_TRY_NORM = Text(
    "Batch normalisation rescales inside: is it enough?",
    "배치 정규화(batch normalisation)는 안에서 크기를 맞춘다. 그것으로 충분한가?",
)
_TRY_PIXELS = Text("Pixels share one scale already: does it still matter?", "픽셀은 이미 크기가 같다. 그래도 중요한가?")
_TRY_DATA = Text("Other measurements, other units", "다른 측정값, 다른 단위")
