"""Where do the losses come from?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.engine.arm import prepare
from whynet.engine.fit import Fitted
from whynet.errors import OptionError
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.figures.canvas import number
from whynet.figures.charts import bars, lines
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.mathematics.regressions import Drawn as DrawnData
from whynet.questions.mathematics.regressions import expected, most_likely
from whynet.questions.numbers import mean_of
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec, Value
from whynet.text import Text

NETWORK = Spec("mlp", {"widths": [64]})
DESCENT = {"lr": 0.1, "momentum": 0.9}
LOSSES = {"mse": Text("squared error", "제곱 오차(MSE)"), "mae": Text("absolute error", "절대 오차(MAE)")}
NOISES = {"normal": Text("normal noise", "정규 잡음"), "laplace": Text("Laplace noise", "라플라스 잡음")}
WEIGHTS = {
    "likely": Text("most likely", "가능도 최대"),
    "expected": Text("expected with prior", "사전 분포로 예상"),
    "decay": Text("SGD with decay", "감쇠를 둔 SGD"),
    "adamw": Text("AdamW with decay", "감쇠를 둔 AdamW"),
}
BINS = np.linspace(0, 1, 6)  # of confidence


@register(
    "question",
    name="likelihood",
    place=40,
    year=1809,
    source="Gauss (1809); Fisher (1922)",
    en="Where do the losses come from: why squared errors, why cross-entropy, why weight decay?",
    ko="손실 함수는 어디서 왔는가? 왜 제곱 오차이고, 왜 교차 엔트로피(cross-entropy)이며, 왜 가중치 감쇠(weight decay)인가?",
)
@dataclass(frozen=True)
class Likelihood(Question):
    """Trained networks against what probabilities alone work out: most likely weights, expected weights, shares of classes.

    ``data``: values to predict, one for each example; ``classes``: data with classes. Raises `OptionError` where they are not.
    """

    data: str | Spec = "ice_cream"
    classes: str | Spec = "digits"
    model: Spec = NETWORK  # of the classes
    decay: Annotated[float, Range(above=0, most=10)] = 0.5
    epochs: Annotated[int, Range(least=1)] = 20  # of the network with classes
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Take the network's answer for a distribution: what may come, and how probably. Good weights are those under which "
            "the data seen are most probable. Probabilities of independent examples multiply, logarithms make it a sum, and a minus "
            "makes it a loss. That is where the losses come from: normal noise gives squared errors, Laplace noise absolute ones, "
            "one of K categories gives cross-entropy.",
            "신경망의 답을 분포로 본다. 무엇이 얼마나 그럴듯하게 나오는가이다. 좋은 가중치는 본 데이터가 나올 확률을 가장 크게 하는 "
            "가중치다. 서로 독립인 예제의 확률은 곱해지고, 로그를 취하면 합이 되며, 음수를 붙이면 손실(loss)이 된다. 손실 함수는 여기서 "
            "온다. 잡음이 정규 분포면 제곱 오차, 라플라스 분포면 절대 오차, 답이 K개 범주 가운데 하나면 교차 엔트로피다.",
        ),
        Text(
            "Weight decay is the same thought once more. Before any data, small weights are held more probable than large ones: a "
            "normal prior. Its logarithm adds the sum of squared weights to the loss, and the most probable weights move towards "
            "zero by exactly as much as noise and number of examples say.",
            "가중치 감쇠도 같은 생각이다. 데이터를 보기 전에는 큰 가중치보다 작은 가중치를 더 그럴듯하게 여긴다. 정규 분포를 사전 "
            "분포(prior)로 두는 것이다. 그 로그가 손실에 가중치 제곱의 합을 더하고, 가장 그럴듯한 가중치는 잡음과 예제 수가 말하는 "
            "만큼 0 쪽으로 옮겨 간다.",
        ),
        Text(
            "So a loss is an assumption about the noise, and the wrong one wastes data. And what holds at the maximum on the "
            "training data, such as right shares of the classes on average, promises nothing on other data: a network may be more "
            "or less sure than it is right.",
            "그러므로 손실 함수는 잡음에 대한 가정이고, 가정이 틀리면 데이터를 낭비한다. 또 학습 데이터에서 최댓값일 때 성립하는 것, "
            "이를테면 평균 확률이 클래스의 비율과 같다는 것은 다른 데이터에 대해 아무것도 약속하지 않는다. 신경망의 확신은 맞히는 "
            "비율보다 크거나 작을 수 있다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "−ln N(y; f, σ²) = (y − f)²/2σ² + ln σ√2π      −ln Laplace(y; f, b) = |y − f|/b + ln 2b\n"
        "−ln p_y = −ln softmax(z)_y\n"
        "w ~ N(0, τ²):   −ln p(w | data) = Σ (y − f)²/2σ² + ‖w‖²/2τ² + const,   weight_decay = 2σ²/(n τ²) for the mean squared error\n"
        "variance of the estimate, MAE over MSE:   1/2 for Laplace noise, π/2 for normal noise",
        "−ln N(y; f, σ²) = (y − f)²/2σ² + ln σ√2π      −ln Laplace(y; f, b) = |y − f|/b + ln 2b\n"
        "−ln p_y = −ln softmax(z)_y\n"
        "w ~ N(0, τ²):   −ln p(w | 데이터) = Σ (y − f)²/2σ² + ‖w‖²/2τ² + 상수,   평균 제곱 오차라면 weight_decay = 2σ²/(n τ²)\n"
        "추정값의 분산, MSE에 견준 MAE의 비:   Laplace 잡음에서 1/2, 정규 잡음에서 π/2",
    )
    sources: ClassVar[Sequence[str]] = (
        "Gauss, Theoria motus corporum coelestium (1809)",
        "Fisher, On the mathematical foundations of theoretical statistics (1922)",
        "Hoerl and Kennard, Ridge regression (1970)",
        "Loshchilov and Hutter, Decoupled weight decay regularization (2019)",
        "Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017)",
    )

    def __post_init__(self) -> None:
        """Check that the two data sets ask for what they should. Raises `OptionError`."""
        values, classes = prepare(self.linear).dataset.task, prepare(self.network).dataset.task
        if values.kind != "regress" or values.outputs != 1:
            raise OptionError(_NOT_VALUES, received=values.words)
        if classes.kind != "classify":
            raise OptionError(_NOT_CLASSES, received=classes.words)

    @property
    def linear(self) -> Recipe:
        """A linear regression on all data at once, inputs and targets in standard units."""
        base = recipe(self.data, "mlp(widths=[])", loss="mse", optimizer=Spec("sgd", DESCENT), batch_size="all", steps=2_000)
        return base.change(**{"data.scale": "standard", "data.targets": None})

    @property
    def network(self) -> Recipe:
        """The network with classes."""
        return recipe(self.classes, self.model, epochs=self.epochs)

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Linear regressions with and without decay, a network with classes, and two losses under two kinds of noise."""
        seeds, linear = self.seeds or (15 if self.quick else 30), self.linear
        decayed: dict[str, Value] = {**DESCENT, "weight_decay": self.decay}
        levels = [
            Level("plain", linear),
            Level("decay", linear.change(optimizer=Spec("sgd", decayed))),
            Level("adamw", linear.change(optimizer=Spec("adamw", {"lr": 0.01, "weight_decay": self.decay}))),
        ]
        prior = compare_levels(levels, ["optimizer"], seeds, listen=listen)
        sure = compare_levels([Level("network", self.network)], ["model"], seeds, listen=listen)
        noises = {}
        for noise in NOISES:
            drawn = recipe(
                DrawnData(noise), "linear_regression", optimizer="adam(lr=0.05)", batch_size="all", steps=400, schedule="cosine"  # type: ignore[arg-type]
            )  # fmt: skip
            noises[noise] = compare_levels(
                [Level(loss, drawn.change(loss=loss)) for loss in LOSSES], ["loss"], seeds, listen=listen
            )
        rows, coefficients = [], []
        for seed, arms in zip(prior.seeds, zip(*prior.arms.values(), strict=True), strict=True):
            found = self._worked_out(dict(zip(prior.arms, arms, strict=True)))
            rows.append((seed, _apart(found["plain"], found["likely"]), _way(found, "decay"), _way(found, "adamw")))
            coefficients += [(seed, name, i, w) for name, values in found.items() for i, w in enumerate(values)]
        errors = [
            (noise, loss, seed, 1 - r2)
            for noise, one in noises.items()
            for loss, values in one.values.items()
            for seed, r2 in zip(one.seeds, values, strict=True)
        ]
        answers = pd.concat([_answers(one, seed) for seed, one in zip(sure.seeds, sure.arms["network"], strict=True)])
        shares = [(seed, _shares_apart(one)) for seed, one in zip(sure.seeds, sure.arms["network"], strict=True)]
        return Evidence(
            {"prior": prior, "classes": sure, **noises},
            {
                "weights": pd.DataFrame(rows, columns=["seed", "plain", "decay", "adamw"]),
                "errors": pd.DataFrame(errors, columns=["noise", "loss", "seed", "error"]),
                "classes": pd.DataFrame(shares, columns=["seed", "apart"]).assign(
                    surer=(answers["confidence"] - answers["right"]).groupby(answers["seed"]).mean().to_numpy()
                ),
            },
            {"coefficients": pd.DataFrame(coefficients, columns=["seed", "name", "place", "weight"]), "answers": answers},
        )

    def _worked_out(self, arms: dict[str, Fitted]) -> dict[str, np.ndarray]:
        """Trained weights by level, bias last, and beside them what probabilities alone say of the same examples."""
        train = arms["plain"].dataset.train
        x, y = train.x.flatten(1).double().numpy(), train.y[:, 0].double().numpy()
        likely, noise = most_likely(x, y)
        spread = noise * math.sqrt(2 / (len(x) * self.decay))
        trained = {name: one.outcome.weights.double().numpy() for name, one in arms.items()}
        return {**trained, "likely": likely, "expected": expected(x, y, noise, spread)}

    def claims(self) -> Sequence[Claim]:
        """Each loss against its likelihood; what is said of them beyond that."""
        near = Range(least=0, below=0.01)
        return [
            Claim("squares", _SQUARES, lambda e: _column(e, "weights", "plain", _APART), near),
            Claim("prior", _PRIOR, lambda e: _column(e, "weights", "decay", _WAY), near),
            Claim("adamw", _ADAMW, lambda e: _column(e, "weights", "adamw", _WAY), Range(least=0, below=0.1), saying=True),
            Claim("shares", _SHARES, lambda e: _column(e, "classes", "apart", _SHARES_OFF), near),
            Claim("sure", _SURE, lambda e: _column(e, "classes", "surer", _SURER), Range(least=-0.02, most=0.02), saying=True),
            Claim("normal-noise", _NORMAL, lambda e: _ratio(e, "normal"), Range(above=0)),
            Claim("any-noise", _ANY, lambda e: _ratio(e, "laplace"), Range(above=0), saying=True),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How near training comes to probability, and which loss suits which noise."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        weights, classes = evidence.tables["weights"], evidence.tables["classes"]
        answers = evidence.traces["answers"]
        return {
            "plain": number(float(weights["plain"].mean()), 2), "decay": number(float(weights["decay"].mean()), 2),
            "adamw": number(float(weights["adamw"].mean()), 2), "apart": _percent(float(classes["apart"].mean())),
            "confidence": _percent(float(answers["confidence"].mean())), "right": _percent(float(answers["right"].mean())),
            **{noise: number(math.exp(_ratio(evidence, noise).interval.mean), 2) for noise in NOISES},
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Errors by noise and loss, the coefficients of one regression, confidence against accuracy."""
        found = self._found(evidence)
        matters, shrunk, sureness = _MATTERS.fill(**found), _SHRUNK.fill(**found), _SURENESS.fill(**found)
        train = evidence.comparisons["prior"].arms["plain"][0].dataset

        def errors() -> Figure:
            table = evidence.tables["errors"]
            named = table.assign(
                noise=table["noise"].map({key: str(name) for key, name in NOISES.items()}),
                loss=table["loss"].map({key: str(name) for key, name in LOSSES.items()}),
            )
            return bars.grouped(named, "noise", "error", "loss", title=matters, x_name=_NOISE, y_name=_EXCESS)

        def coefficients() -> Figure:
            table = evidence.traces["coefficients"]
            wide = table[table["seed"] == table["seed"].min()].pivot_table(index="place", columns="name", values="weight")
            names = [*train.task.features, *map(str, range(len(train.task.features), len(wide) - 1)), str(_BIAS)]
            shown = pd.DataFrame({str(name): wide[key].to_numpy() for key, name in WEIGHTS.items()}).assign(feature=names)
            return bars.multiple(
                shown, "feature", [str(name) for name in WEIGHTS.values()], title=shrunk, x_name=_FEATURE, y_name=_WEIGHT
            )

        def calibration() -> Figure:
            answers = evidence.traces["answers"]
            bins = np.clip(np.digitize(answers["confidence"], BINS) - 1, 0, len(BINS) - 2)
            table = answers.assign(bin=bins).groupby(["seed", "bin"])[["confidence", "right"]].mean().reset_index()
            middle = (BINS[:-1] + BINS[1:]) / 2
            long = pd.concat([
                pd.DataFrame({"at": middle[table["bin"].to_numpy(dtype=int)], "value": table[key].to_numpy(), "what": str(name)})
                for key, name in (("confidence", _SAID), ("right", _TRUE))
            ])  # fmt: skip
            return lines.interval(long, "at", "value", by="what", title=sureness, x_name=_CONFIDENCE, y_name=_SHARE)

        return [
            Drawn(matters, errors, _READ_MATTERS),
            Drawn(shrunk, coefficients, _READ_SHRUNK),
            Drawn(sureness, calibration, _READ_SURENESS),
        ]

    def changes(self) -> Sequence[Change]:
        """Longer training, a weaker prior, other values."""
        return [
            Change(_TRY_LONGER, "whynet ask likelihood --set epochs=100"),
            Change(_TRY_WEAK, "whynet ask likelihood --set decay=0.05"),
            Change(_TRY_DATA, "whynet ask likelihood --data diabetes --set classes=wine"),
        ]


def _apart(found: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(found - other) / np.linalg.norm(other))


def _way(found: dict[str, np.ndarray], level: str) -> float:
    """‖w − expected‖ of ‖most likely − expected‖: 0 is what the prior expects, 1 is no prior at all."""
    return float(np.linalg.norm(found[level] - found["expected"]) / np.linalg.norm(found["likely"] - found["expected"]))


def _answers(one: Fitted, seed: int) -> pd.DataFrame:
    """How sure the network is of its answer to every test example, and whether it is right."""
    p = one.module(one.dataset.test.x).detach().softmax(dim=1)
    return pd.DataFrame(
        {
            "seed": seed,
            "confidence": p.amax(dim=1).double().numpy(),
            "right": (p.argmax(dim=1) == one.dataset.test.y).double().numpy(),
        }
    )


def _shares_apart(one: Fitted) -> float:
    """The largest |mean probability − share of the class| on the training examples."""
    p = one.module(one.dataset.train.x).detach().double().softmax(dim=1).mean(dim=0).numpy()
    return float(np.abs(p - np.bincount(one.dataset.train.y.numpy(), minlength=len(p)) / len(one.dataset.train)).max())


def _column(evidence: Evidence, table: str, name: str, what: Text) -> Measured:
    style = "points" if name == "surer" else "number"
    return mean_of(evidence.tables[table][name].to_numpy(dtype=float), what, style)  # type: ignore[arg-type]


def _ratio(evidence: Evidence, noise: str) -> Measured:
    """ln of the error of MAE over that of MSE, on the same samples."""
    table = evidence.tables["errors"].query("noise == @noise")
    mae, mse = (table.loc[table["loss"] == loss, "error"].to_numpy(dtype=float) for loss in ("mae", "mse"))
    return mean_of(np.log(mae / mse), _LOG_RATIO)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


_APART = Text("distance to the most likely weights, of their length", "가능도가 최대인 가중치와의 거리, 그 길이 대비")
_WAY = Text(
    "distance to the expected weights, of that of the most likely ones",
    "사후 평균 가중치와의 거리, 가능도가 최대인 가중치의 거리 대비",
)
_SHARES_OFF = Text("largest |mean probability − share of the class|", "가장 큰 |평균 확률 − 클래스의 비율|")
_SURER = Text("confidence less accuracy on the test set", "테스트 세트에서 확신(confidence) 빼기 정확도")
_LOG_RATIO = Text("ln of the ratio of errors, MAE to MSE, same samples", "MAE와 MSE의 오차 비의 로그(ln), 같은 표본끼리")
_SQUARES = Text(
    "Training on squared errors ends at the weights most likely under normal noise.",
    "제곱 오차로 학습하면 정규 잡음에서 가능도(likelihood)가 최대인 가중치에 이른다.",
)
_PRIOR = Text(
    "With weight decay SGD ends at the weights that a normal prior expects.",
    "가중치 감쇠를 둔 SGD는 정규 사전 분포가 예상하는 가중치에 이른다.",
)
_ADAMW = Text("So does AdamW with the same weight decay.", "같은 가중치 감쇠를 둔 AdamW도 그렇다.")
_SHARES = Text(
    "Trained on cross-entropy, a network gives each class on average the probability that is its share of the training data.",
    "교차 엔트로피로 학습한 신경망이 각 클래스에 주는 평균 확률은 학습 데이터에서 그 클래스의 비율과 같다.",
)
_SURE = Text(
    "Softmax outputs are probabilities: on new data the network is as sure as it is right, within two points.",
    "소프트맥스(softmax) 출력은 확률이다. 새 데이터에서 신경망의 확신은 맞히는 비율과 2 %포인트 안에서 같다.",
)
_NORMAL = Text(
    "Under normal noise squared errors learn better than absolute ones.", "정규 잡음에서는 제곱 오차가 절대 오차보다 잘 배운다."
)
_ANY = Text(
    "Squared errors are the loss for predicting values, under Laplace noise too.",
    "값을 예측할 때의 손실은 제곱 오차다. 라플라스 잡음에서도 그렇다.",
)
_VERDICT = Text(
    "Trained weights lie {plain} of their length from the most likely ones. Of the way that a normal prior moves those, SGD with "
    "weight decay is {decay} short of its end, AdamW {adamw}. Mean probabilities are within {apart} of the classes' shares on the "
    "training data; on the test set the network is {confidence} sure and {right} right. The error of MAE is {normal} times that of "
    "MSE under normal noise and {laplace} times under Laplace noise.",
    "학습한 가중치는 가능도가 최대인 가중치에서 길이의 {plain}배만큼 떨어져 있다. 정규 사전 분포가 그것을 옮기는 거리 가운데 가중치 "
    "감쇠를 둔 SGD는 {decay}, AdamW는 {adamw}만큼을 남긴다. 학습 데이터에서 평균 확률은 클래스의 비율과 {apart} 안에서 같고, 테스트 "
    "세트에서 신경망은 {confidence} 확신하며 {right} 맞힌다. MAE의 오차는 MSE의 오차에 견주어 정규 잡음에서 {normal}배, 라플라스 "
    "잡음에서 {laplace}배다.",
)
_MATTERS = Text(
    "Error of MAE, of that of MSE: {normal} under normal noise, {laplace} under Laplace noise",
    "MAE의 오차는 정규 잡음에서 MSE의 {normal}배, 라플라스 잡음에서 {laplace}배",
)
_SHRUNK = Text(
    "Of the way to the expected weights SGD with decay leaves {decay}, AdamW {adamw}",
    "사전 분포가 예상하는 가중치까지 남은 거리: 감쇠를 둔 SGD {decay}, AdamW {adamw}",
)
_SURENESS = Text("On the test set: {confidence} sure, {right} right", "테스트 세트에서: 확신 {confidence}, 정답 {right}")
_READ_MATTERS = Text(
    "The same true weights and inputs; noise of variance 1 of either kind. Theory, for many examples: π/2 = 1.57 and 1/2.",
    "참 가중치와 입력은 같고, 분산이 1인 잡음의 종류만 다르다. 예제가 많을 때 이론이 말하는 비는 π/2 = 1.57과 1/2이다.",
)
_READ_SHRUNK = Text(
    "The first two were worked out from probabilities, without a loss; the others were trained. One seed.",
    "앞의 둘은 손실 없이 확률로 계산했고 나머지는 학습했다. 시드(seed) 하나.",
)
_READ_SURENESS = Text(
    "Answers in five groups by how sure they are. Where the lines part, the network is more or less sure than it is right.",
    "답을 확신의 정도에 따라 다섯 무리로 나누었다. 두 선이 벌어진 곳에서는 확신과 맞히는 비율이 다르다.",
)
_NOISE, _EXCESS = (
    Text("noise of the training examples", "학습 예제의 잡음"),
    Text("error against the truth, 1 − r²", "참값에 대한 오차 1 − r²"),
)
_FEATURE, _WEIGHT, _BIAS = Text("feature", "특징"), Text("weight, standard units", "가중치(표준 단위)"), Text("bias", "편향")
_SAID, _TRUE = Text("how sure", "확신"), Text("how often right", "맞힌 비율")
_CONFIDENCE, _SHARE = Text("confidence, middle of its group", "확신, 무리의 가운데"), Text("share", "비율")
_TRY_LONGER = Text(
    "Train longer: does the network become surer than it is right?", "더 오래 학습한다: 맞히는 비율보다 더 확신하게 되는가?"
)
_TRY_WEAK = Text("A tenth of the decay: a wider prior.", "감쇠를 10분의 1로: 더 넓은 사전 분포.")
_TRY_DATA = Text("Other data: real measurements and three classes.", "다른 데이터: 실제 측정값과 세 클래스.")
_NOT_VALUES = Text(
    "likelihood: data should be one value to predict for each example, such as ice_cream or diabetes; classes belong to classes=…. "
    "Received: {received}",
    "likelihood: data는 예제마다 예측할 값이 하나여야 한다(ice_cream, diabetes 등). 클래스가 있는 데이터는 classes=…로 준다. 받은 것: "
    "{received}",
)
_NOT_CLASSES = Text(
    "likelihood: classes should be data with classes, such as digits or wine. Received: {received}",
    "likelihood: classes는 digits, wine처럼 클래스가 있는 데이터여야 한다. 받은 것: {received}",
)
