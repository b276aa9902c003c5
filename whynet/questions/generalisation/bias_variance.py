"""What is a network's error made of?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, ClassVar, cast

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from whynet.data import load
from whynet.data.dataset import Dataset
from whynet.engine.fit import Fitted
from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.resampling import made, trained_on
from whynet.experiment.statistics import paired
from whynet.figures import theme
from whynet.figures.canvas import number
from whynet.figures.charts import bars, facets, lines, remarks
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.setting import count, length
from whynet.questions.numbers import mean_of
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, canonical, register
from whynet.rng import numpy_generator
from whynet.spec import Spec
from whynet.text import Text, join, plain

CURVE = "sine(n=2000, waves=1.5, noise=0.3)"
NETWORK = Spec("mlp", {"widths": [64], "activation": "tanh"})
DECAYING = Spec("adamw", {"lr": 0.01, "weight_decay": 0.0})
SETS = 8  # training sets of which one bias and one variance are made
MORE = 4  # times the examples: the variance should fall to a quarter
DECAY = 1.0


@register(
    "question",
    name="bias-variance",
    place=90,
    year=1992,
    source="Geman, Bienenstock and Doursat, Neural networks and the bias/variance dilemma",
    en="What is a network's error made of: too simple a model, or too much luck in the training set?",
    ko="신경망의 오차는 무엇으로 이루어지는가: 너무 단순한 모델인가, 훈련 세트의 운인가?",
)
@dataclass(frozen=True)
class BiasVariance(Question):
    """Squared error on one test set = (bias² + noise) + variance, over networks trained on different draws of the examples, by width.

    Classes are compared with their probabilities. ``model``: an mlp, whose hidden layers take each of ``widths`` in turn; ``seeds``:
    how many times bias and variance are measured, each time on eight training sets. Raises `OptionError` where it is another model.
    """

    data: str | Spec = CURVE
    model: Spec = NETWORK
    widths: Sequence[Annotated[int, Range(least=1)]] | None = None
    examples: Annotated[int, Range(least=2)] = 30  # in each training set
    optimizer: Spec = DECAYING
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Train the same network on many training sets from one source. What their mean answer gets wrong they all get wrong: that "
            "is the bias, of a model that cannot bend far enough or was not trained to. How far the single answers lie from "
            "their mean is the variance, the luck of having drawn these examples and not others. The rest is noise in the "
            "targets, which nobody can foretell. The three add up to the error, exactly.",
            "같은 신경망을 한 곳에서 뽑은 여러 훈련 세트로 학습해 보자. 그 답들의 평균이 틀리는 만큼은 모두가 함께 틀린다. 이것이 "
            "편향(bias)으로, 모델이 충분히 구부러지지 못하거나 그만큼 학습하지 못한 탓이다. 답 하나하나가 평균에서 떨어진 정도가 "
            "분산(variance)으로, 하필 이 예제들을 뽑은 운이다. 나머지는 타깃의 잡음(noise)이며 아무도 맞힐 수 없다. 셋을 더하면 정확히 "
            "오차가 된다.",
        ),
        Text(
            "The textbook picture is a trade: more capacity, less bias and more variance, so the error has its lowest point in "
            "between. The first half is arithmetic of fitting. The second is not a law: networks much wider than needed, trained by "
            "gradient descent from small weights, often choose smooth answers, and their variance stays or even falls.",
            "교과서의 그림은 맞바꿈(trade-off)이다. 용량(capacity)이 늘면 편향은 줄고 분산은 커지므로 오차는 그 사이에서 가장 낮다. "
            "앞의 절반은 맞춤의 산수지만 뒤의 절반은 법칙이 아니다. 필요보다 훨씬 넓은 신경망을 작은 가중치에서 경사 하강법(gradient "
            "descent)으로 학습하면 매끄러운 답을 고를 때가 많고, 분산이 그대로이거나 오히려 줄기도 한다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "E_D (f_D(x) − y)² = ( f̄(x) − E y )²  +  Var y  +  E_D ( f_D(x) − f̄(x) )²,      f̄ = E_D f_D\n"
        "                     bias²              noise     variance\n"
        "M training sets: variance = 1/(M−1) Σ_m (f_m − f̄)²,   bias² + noise = (f̄ − y)² − variance / M",
        "E_D (f_D(x) − y)² = ( f̄(x) − E y )²  +  Var y  +  E_D ( f_D(x) − f̄(x) )²,      f̄ = E_D f_D\n"
        "                     편향²              잡음      분산\n"
        "훈련 세트 M개: 분산 = 1/(M−1) Σ_m (f_m − f̄)²,   편향² + 잡음 = (f̄ − y)² − 분산 / M",
    )
    sources: ClassVar[Sequence[str]] = (
        "Geman, Bienenstock and Doursat, Neural networks and the bias/variance dilemma (1992)",
        "Belkin, Hsu, Ma and Mandal, Reconciling modern machine-learning practice and the bias-variance trade-off (2019)",
        "Neal et al., A modern take on the bias-variance tradeoff in neural networks (2019)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if self.model.name != "mlp" or not self.layers or self.optimizer.name != "adamw":
            raise OptionError(_NOT_MLP, model=str(self.model), optimizer=str(self.optimizer))
        if len(set(self.levels)) < 3:
            raise OptionError(_WIDTHS, received=str(list(self.levels)))

    @property
    def layers(self) -> int:
        """Hidden layers."""
        return len(cast(list[int], {"widths": [64, 64], **canonical("model", self.model).options}["widths"]))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The widths compared, from narrow to wide."""
        return tuple(sorted(self.widths or ((1, 4, 16, 128) if self.quick else (1, 2, 4, 8, 16, 64, 256))))

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def base(self) -> Recipe:
        """The widest network."""
        model = self.model.replace(widths=[self.levels[-1]] * self.layers)
        return recipe(self.data, model, optimizer=self.optimizer, steps=length(self.steps, self.quick))

    def measure(self, listen: Listen) -> Evidence:
        """Width, four times the examples and weight decay as levels; every training set is a seed, all have one test set."""
        data, repeats = cast(Spec, self.base.data), count(self.seeds, self.quick)
        few, many = (made(f"{n} examples", partial(drawn, data, n)) for n in (self.examples, MORE * self.examples))
        levels = [
            *(Level(str(w), self.base.change(**{"data": few, "model.widths": [w] * self.layers})) for w in self.levels),
            Level("more", self.base.change(data=many)),
            Level("decay", self.base.change(**{"data": few, "optimizer.weight_decay": DECAY})),
        ]
        paths = ["data", "model.widths", "optimizer.weight_decay"]
        one = compare_levels(levels, paths, range(SETS * repeats), listen=listen)
        return Evidence({"sets": one}, {"parts": _parts(one, repeats)}, {"answers": _answers(one)})

    def claims(self) -> Sequence[Claim]:
        """What width, more examples and decay do to bias, to variance, to the error."""
        narrow, best, wide = (str(self.levels[i]) for i in (0, len(self.levels) // 2, -1))
        fill = {"narrow": narrow, "best": best, "wide": wide, "n": MORE, "decay": f"{DECAY:g}"}
        more, less = Range(above=0), Range(below=0)
        return [
            Claim("bias-falls", _BIAS.fill(**fill), lambda e: _apart(e, "bias", wide, narrow), less),
            Claim("variance-rises", _VARIANCE.fill(**fill), lambda e: _apart(e, "variance", wide, narrow), more, saying=True),
            Claim("u-shape", _U.fill(**fill), lambda e: _apart(e, "error", wide, best), more, saying=True),
            Claim("more-examples", _MORE.fill(**fill), lambda e: _ratio(e, "variance", "more", wide), Range(below=0.5)),
            Claim("decay-variance", _CALMS.fill(**fill), lambda e: _apart(e, "variance", "decay", wide), less),
            Claim("decay-bias", _BENDS.fill(**fill), lambda e: _apart(e, "bias", "decay", wide), more, saying=True),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Bias and variance of the narrowest, the widest and the best network, and what became of the sayings."""
        means = evidence.tables["parts"].groupby("level", sort=False)[["bias", "variance", "error"]].mean()
        best = str(means.loc[[str(w) for w in self.levels], "error"].idxmin())
        shown = list(dict.fromkeys([str(self.levels[0]), best, str(self.levels[-1])]))
        parts = [_OF.fill(width=w, **{key: number(float(means[key][w]), 2) for key in PARTS}) for w in shown]
        return join([_FOUND.fill(best=best), *parts, gaps.sayings(judged)])

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The parts of the error by width; what more examples and decay change; and the answers themselves, where inputs are numbers."""
        table = evidence.tables["parts"]
        means = table.groupby("level", sort=False)[["bias", "variance", "error"]].mean()
        widths = [str(w) for w in self.levels]
        by_width = _BY_WIDTH.fill(variances=_listed({w: plain(w) for w in widths}, means["variance"]))
        others = {
            widths[-1]: _WIDEST.fill(width=widths[-1]),
            "more": _TIMES.fill(n=MORE),
            "decay": _DECAYED.fill(decay=f"{DECAY:g}"),
        }
        changed = _CHANGED.fill(parts=_listed(others, means["error"]))
        answers = evidence.traces["answers"]

        def rows(names: dict[str, Text]) -> pd.DataFrame:
            found = [
                (place, str(name), str(said), value)
                for part, said in PARTS.items()
                for place, (level, name) in enumerate(names.items())
                for value in table.loc[table["level"] == level, part]
            ]
            return pd.DataFrame(found, columns=["at", "network", "part", "value"])

        def along() -> Figure:
            frame = rows({w: plain(w) for w in widths})
            figure = lines.interval(frame, "at", "value", by="part", title=by_width, x_name=_WIDTH, y_name=_SQUARED)
            return remarks.ticks(figure, dict(enumerate(widths)))

        def beside() -> Figure:
            return bars.grouped(rows(others), "network", "value", "part", title=changed, x_name=_NETWORKS, y_name=_SQUARED)

        shown = [
            Drawn(by_width, along, _READ_PARTS),
            Drawn(changed, beside, _READ_CHANGED),
        ]
        if len(answers):
            spread = _SPREAD.fill(spreads=_listed({w: plain(w) for w in (widths[0], widths[-1])}, means["variance"] ** 0.5))
            shown.append(Drawn(spread, lambda: _draw_answers(answers, (widths[0], widths[-1]), spread), _READ_ANSWERS))
        return shown

    def changes(self) -> Sequence[Change]:
        """Less noise, more examples, other data, classes."""
        return [
            Change(_TRY_QUIET, "whynet ask bias-variance --data 'sine(n=2000, waves=1.5, noise=0.05)'"),
            Change(_TRY_FEW, "whynet ask bias-variance --set examples=10"),
            Change(_TRY_DATA, "whynet ask bias-variance --data diabetes --set examples=60"),
            Change(_TRY_CLASSES, "whynet ask bias-variance --data 'moons(n=2000, noise=0.3)'"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def drawn(data: Spec, examples: int, seed: int) -> Dataset:
    """So many of the training examples, drawn without replacement under the seed; validation and test set are those of seed 0."""
    whole = load(data, 0)
    order = numpy_generator(seed, "sample", "sets").permutation(len(whole.train))[:examples]
    return trained_on(whole, whole.train.index[torch.from_numpy(np.sort(order))])


def answers(fitted: Fitted, x: Tensor) -> Tensor:
    """What one network says: values (N, n), or the probability of each class (N, K)."""
    with torch.no_grad():
        outputs = fitted.module(x).double()
    return outputs.softmax(dim=1) if fitted.dataset.task.kind == "classify" else outputs


def decompose(f: Tensor, y: Tensor) -> tuple[float, float, float]:
    """bias² + noise, variance and error, means over examples, of the answers f (M, N, n) of M networks to targets y (N, n)."""
    mean, m = f.mean(dim=0), len(f)
    variance = float(((f - mean) ** 2).sum(dim=2).mean()) * m / (m - 1)
    bias = float(((mean - y) ** 2).sum(dim=1).mean()) - variance / m
    return bias, variance, float(((f - y) ** 2).sum(dim=2).mean())


def _parts(one: Comparison, repeats: int) -> pd.DataFrame:
    """The parts of the error of every level, measured as many times: columns level, seed, bias, variance, error."""
    rows = []
    for level, arms in one.arms.items():
        test, task = arms[0].dataset.test, arms[0].dataset.task
        y = torch.nn.functional.one_hot(test.y, task.outputs).double() if task.kind == "classify" else test.y.double()
        f = torch.stack([answers(fitted, test.x) for fitted in arms])  # (repeats · SETS, N, n)
        rows += [(level, repeat, *decompose(f[SETS * repeat : SETS * (repeat + 1)], y)) for repeat in range(repeats)]
    return pd.DataFrame(rows, columns=["level", "seed", "bias", "variance", "error"])


def _answers(one: Comparison) -> pd.DataFrame:
    """The answers of the first networks of each level along the axis, where the input and the target are one number each."""
    columns = ["level", "seed", "x", "y"]
    task, test = one.task, next(iter(one.arms.values()))[0].dataset.test
    if task.kind == "classify" or task.inputs != (1,) or task.outputs != 1:
        return pd.DataFrame(columns=columns)
    x = torch.linspace(float(test.x.min()), float(test.x.max()), 100)[:, None]
    parts = [
        pd.DataFrame({"level": level, "seed": seed, "x": x[:, 0].numpy(), "y": answers(fitted, x)[:, 0].numpy()})
        for level, arms in one.arms.items()
        for seed, fitted in enumerate(arms[:SETS])
    ]
    points = pd.DataFrame({"level": "test", "seed": -1, "x": test.x[:, 0].numpy(), "y": test.y[:, 0].numpy()})
    return pd.concat([points.head(150), *parts], ignore_index=True)[columns]


def _column(evidence: Evidence, part: str, level: str) -> np.ndarray:
    table = evidence.tables["parts"]
    return table.loc[table["level"] == level, part].to_numpy(dtype=float)


def _apart(evidence: Evidence, part: str, ours: str, theirs: str) -> Measured:
    pair = paired(_column(evidence, part, ours), _column(evidence, part, theirs), higher_is_better=False)
    return Measured(pair.difference, _DIFFERENCE.fill(part=PARTS[part]))


def _ratio(evidence: Evidence, part: str, ours: str, theirs: str) -> Measured:
    return mean_of(_column(evidence, part, ours) / _column(evidence, part, theirs), _QUOTIENT.fill(part=PARTS[part]))


# --- pictures --------------------------------------------------------------------------------------------------------


def _listed(names: dict[str, Text], means: pd.Series) -> Text:
    return join([_PAIR.fill(name=name, value=number(float(means[level]), 2)) for level, name in names.items()], ", ")


def _draw_answers(table: pd.DataFrame, widths: Sequence[str], title: Text) -> Figure:
    points = table[table["level"] == "test"]
    chosen = table[table["level"].isin(widths)]
    low, high = points["y"].min() - 0.3, points["y"].max() + 0.3  # an answer far outside must not squeeze the others
    named = chosen.assign(panel=chosen["level"].map({w: str(_WIDTH_IS.fill(width=w)) for w in widths}))

    def draw(ax: Axes, part: pd.DataFrame) -> None:
        ax.plot(points["x"], points["y"], "o", color=theme().muted, markersize=2, alpha=0.5, markeredgewidth=0)
        for _, one in part.groupby("seed"):
            ax.plot(one["x"], one["y"].clip(low, high), color=theme().colour(0), linewidth=1.2, alpha=0.7)

    return facets.grid(named, "panel", draw, title=title, x_name="x", y_name="y", columns=2)


PARTS = {
    "bias": Text("bias² + noise", "편향² + 잡음"),
    "variance": Text("variance", "분산"),
    "error": Text("error", "오차"),
}
_BIAS = Text("Bias is smaller at width {wide} than at width {narrow}.", "편향은 너비(width) {narrow}보다 {wide}에서 더 작다.")
_VARIANCE = Text(
    "Variance is larger at width {wide} than at width {narrow}.",
    "분산은 너비 {narrow}보다 {wide}에서 더 크다.",
)
_U = Text(
    "The error has its lowest point in between: it is larger at width {wide} than at width {best}.",
    "오차는 그 사이에서 가장 낮다: 너비 {best}보다 {wide}에서 더 크다.",
)
_MORE = Text(
    "With {n} times the examples the variance falls to less than half.",
    "예제가 {n}배면 분산이 절반 아래로 줄어든다.",
)
_CALMS = Text("Weight decay with λ = {decay} lowers the variance.", "λ = {decay}인 가중치 감쇠(weight decay)는 분산을 줄인다.")
_BENDS = Text("Weight decay with λ = {decay} raises the bias.", "λ = {decay}인 가중치 감쇠는 편향을 키운다.")
_DIFFERENCE = Text("difference in {part}, same training sets", "{part}의 차이, 같은 훈련 세트끼리")
_QUOTIENT = Text("ratio of {part}", "{part}의 비")
_FOUND = Text("The error is lowest at width {best}.", "오차가 가장 낮은 너비는 {best}.")
_OF = Text(
    "Width {width}: bias² + noise {bias}, variance {variance}, error {error}.",
    "너비 {width}: 편향² + 잡음 {bias}, 분산 {variance}, 오차 {error}.",
)
_BY_WIDTH = Text("Variance by width: {variances}", "너비에 따른 분산: {variances}")
_CHANGED = Text("Error: {parts}", "오차: {parts}")
_SPREAD = Text(
    "Answers of eight networks from eight training sets spread by width: {spreads}",
    "훈련 세트 여덟 개로 학습한 신경망 여덟 개의 답이 흩어진 정도, 너비별: {spreads}",
)
_PAIR, _WIDTH_IS = Text("{name}: {value}", "{name}: {value}"), Text("width {width}", "너비 {width}")
_WIDEST = Text("width {width}", "너비 {width}")
_TIMES = Text("{n} times the examples", "예제 {n}배")
_DECAYED = Text("weight decay λ = {decay}", "가중치 감쇠 λ = {decay}")
_SQUARED = Text("mean squared error, and its parts", "평균 제곱 오차와 그 구성")
_WIDTH = Text("width: units of each hidden layer", "너비(width): 은닉층마다의 유닛 수")
_NETWORKS = Text("the widest network, as it is and changed", "가장 넓은 신경망, 그대로와 바꾼 것")
_READ_PARTS = Text(
    "The two lower lines add up to the error, up to what eight training sets leave to chance.",
    "아래 두 선을 더하면 오차가 된다. 훈련 세트 여덟 개로는 우연이 조금 남는다.",
)
_READ_CHANGED = Text(
    "The widest network, the same with more examples in each training set, and the same with weight decay.",
    "가장 넓은 신경망, 훈련 세트마다 예제를 늘린 것, 가중치 감쇠를 더한 것.",
)
_READ_ANSWERS = Text(
    "A line for each network, dots: test examples. What all lines miss together is bias; how far they lie apart is variance.",
    "선은 신경망 하나하나, 점은 테스트 예제. 모든 선이 함께 놓치는 것이 편향이고 선이 서로 떨어진 정도가 분산이다.",
)
_TRY_QUIET = Text("Hardly any noise: what is left of the variance?", "잡음이 거의 없다: 분산이 얼마나 남는가?")
_TRY_FEW = Text("A third of the examples", "예제 3분의 1")
_TRY_DATA = Text("Other data: ten columns", "다른 데이터: 열 10개")
_TRY_CLASSES = Text("Classes instead of values", "값 대신 클래스")
_NOT_MLP = Text(
    "bias-variance varies the width of an mlp trained with adamw. Received: {model} with {optimizer}",
    "bias-variance는 adamw로 학습하는 mlp의 너비를 바꾼다. 받은 것: {model}, {optimizer}",
)
_WIDTHS = Text(
    "widths: expected at least three different widths. Received: {received}",
    "widths: 서로 다른 너비가 셋 이상이어야 한다. 받은 것: {received}",
)
