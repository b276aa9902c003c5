"""Why does a loss become NaN, and what keeps a gradient from exploding?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import by_depth, curves
from whynet.figures.canvas import number
from whynet.questions import gradients
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.deep_trouble.remedies import MENDED, OUTCOMES_OF_REMEDIES, Remedy
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import activation_of, widths_of
from whynet.questions.numbers import METRICS, mean_of, recovered, score, scores
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, diff, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

BROKEN = "unchanged"
PATHS = ("clip", "init", "model.norm", "model.skip", "optimizer.lr")
SHOWN = 40  # steps of the training loss that are drawn


@register(
    "question",
    name="exploding-gradient",
    place=20,
    year=2013,
    source="Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks",
    en="Why does the loss become NaN, and what keeps a gradient from exploding?",
    ko="손실(loss)은 왜 NaN이 되며, 무엇이 기울기(gradient)의 폭발을 막는가?",
)
@dataclass(frozen=True)
class ExplodingGradient(Question):
    """The gradient of the first step by depth for weights that are too large, and every remedy alone at the greatest depth.

    ``model``: an mlp; all hidden layers take its first width. ``std``: of the initial weights. Raises `OptionError`.
    """

    data: str | Spec = "digits"
    model: Spec = Spec("mlp", {"widths": [64]})  # noqa: RUF009  a spec is frozen
    std: Annotated[float, Range(above=0, most=10)] = 0.3
    depths: Sequence[Annotated[int, Range(least=1, most=50)]] | None = None
    optimizer: Spec = Spec("sgd", {"lr": 0.1})  # noqa: RUF009
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Every layer multiplies. Where its weights are large enough that a signal grows on its way, it grows at every layer, and so "
            "does the error on its way back. Ten layers that each double make a thousandfold. A step along such a gradient throws the "
            "weights far away, where the next gradient is larger still; a few steps later the numbers exceed what a float can hold, "
            "infinity less infinity is not a number, and NaN in one weight is soon NaN in all.",
            "층마다 곱해진다. 신호가 지나며 커질 만큼 가중치가 크면 층을 지날 때마다 커지고, 되돌아오는 오차도 그렇다. 두 배로 키우는 "
            "층이 열 개면 천 배가 된다. 그런 기울기(gradient)를 따라 한 걸음 가면 가중치가 멀리 던져지고, 거기서는 다음 기울기가 더 크다. "
            "몇 걸음 뒤에는 부동소수점(float)이 담을 수 있는 범위를 넘고, 무한대에서 무한대를 빼면 수가 아닌 값(NaN)이 되며, 가중치 "
            "하나의 NaN은 곧 전부로 퍼진다.",
        ),
        Text(
            "Clipping shortens the step and leaves the cause: the signal is as large as before. Initial weights made for the layer "
            "(He: variance 2/n) or normalisation remove the cause. A skip connection keeps a gradient from vanishing, not from growing: "
            "it adds to the signal.",
            "클리핑(clipping)은 걸음을 줄일 뿐 원인을 남긴다. 신호의 크기는 그대로다. 층에 맞춘 초기 가중치(He: 분산 2/n)나 정규화는 "
            "원인을 없앤다. 스킵 연결(skip connection)은 기울기가 사라지는 것을 막지만 커지는 것은 막지 못한다. 신호에 더하기 때문이다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "E|h_{l+1}|² = n · std² · |h_l|² / 2   (ReLU keeps half):   each layer multiplies by r = std · √(n/2)\n"
        "‖∂L/∂W_l‖ ≈ |h_{l−1}| · |∂L/∂z_l| ∝ r^(l−1) · r^(L−l) = r^(L−1):   all layers alike, and all grow with depth\n"
        "clipping: g ← g · min(1, c/‖g‖)",
        "E|h_{l+1}|² = n · std² · |h_l|² / 2   (ReLU가 절반을 남긴다):   층마다 r = std · √(n/2)를 곱한다\n"
        "‖∂L/∂W_l‖ ≈ |h_{l−1}| · |∂L/∂z_l| ∝ r^(l−1) · r^(L−l) = r^(L−1):   모든 층이 같고, 깊을수록 모두 커진다\n"
        "클리핑: g ← g · min(1, c/‖g‖)",
    )
    sources: ClassVar[Sequence[str]] = (
        "Bengio, Simard and Frasconi, Learning long-term dependencies with gradient descent is difficult (1994)",
        "Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013)",
        "He, Zhang, Ren and Sun, Delving deep into rectifiers (2015)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if not widths_of(self.model):
            raise OptionError(_NOT_MLP, received=str(self.model))
        if len(set(self.levels)) < 2 or self.levels[-1] < 3:
            raise OptionError(_DEPTHS, received=str(list(self.levels)))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The depths compared, from shallow to deep."""
        return tuple(sorted(self.depths or ((1, 3, 10) if self.quick else (1, 2, 3, 5, 10))))

    @property
    def predicted(self) -> float:
        """By what a layer of ReLUs multiplies the signal: std · √(n/2)."""
        return self.std * math.sqrt(widths_of(self.model)[0] / 2)

    def at(self, depth: int) -> Spec:
        """The model with so many hidden layers of its first width."""
        return self.model.replace(widths=[widths_of(self.model)[0]] * depth)

    @cached_property
    def deep(self) -> Recipe:
        """The deepest network, whose gradient explodes."""
        settings = {"epochs": self.epochs or (10 if self.quick else 20), "init": Spec("normal", {"std": self.std})}
        return recipe(self.data, self.at(self.levels[-1]), optimizer=self.optimizer, **settings)

    @cached_property
    def remedies(self) -> list[Remedy]:
        """The changes tried, each alone."""
        return [one for one in REMEDIES if diff(self.deep, one.change(self.deep))]

    def measure(self, listen: Listen) -> Evidence:
        """Depth as the factor; then the remedies as the factor, at the greatest depth."""
        seeds = self.seeds or (5 if self.quick else 10)
        depths = [Level(str(depth), self.deep.change(model=self.at(depth))) for depth in self.levels]
        changed = [Level(BROKEN, self.deep), *(Level(one.key, one.change(self.deep)) for one in self.remedies)]
        watching = gradients.AT_START
        by_depths = compare_levels(depths, ["model.widths"], seeds, listen=listen, watching=watching)
        mended = compare_levels(changed, PATHS, seeds, listen=listen, watching=watching)
        start = gradients.at_start(by_depths)
        whole = start.assign(squared=start["norm"] ** 2).groupby(["level", "seed"], sort=False)["squared"].mean().pow(0.5)
        table = whole.rename("norm").reset_index().astype({"level": int})
        return Evidence({"depth": by_depths, "remedies": mended}, {"whole": table}, {"gradient": gradients.at_start(mended)})

    def claims(self) -> Sequence[Claim]:
        """The growth of the gradient, the end in NaN, and one claim for each remedy."""
        deep = self.levels[-1]
        claims = [
            Claim("grows", _GROWS.fill(std=self.std), _factor, Range(above=1)),
            Claim("diverges", _DIVERGES.fill(deep=deep), lambda e: _lost(e.comparisons["depth"], str(deep)), Range(least=1)),
        ]
        if activation_of(self.model) == "relu":
            near = Range(least=round(0.9 * self.predicted, 3), most=round(1.1 * self.predicted, 3))
            claims.insert(1, Claim("predicted", _PREDICTED.fill(r=number(self.predicted)), _factor, near))
        return claims + [self._claim(one) for one in self.remedies]

    def _claim(self, remedy: Remedy) -> Claim:
        def measure(evidence: Evidence) -> Measured:
            healthy = scores(evidence.comparisons["depth"], str(self.levels[0]))
            return recovered(evidence.comparisons["remedies"], remedy.key, healthy)

        return Claim(remedy.key, remedy.says, measure, Range(least=MENDED), remedy.saying)

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How the gradient grows, where it ends, what mends it."""
        return join([_VERDICT.fill(**self._found(evidence)), self._mending(judged)])

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        one, table = evidence.comparisons["depth"], evidence.tables["whole"]
        deep, shallow = self.levels[-1], self.levels[0]
        lost = round(_lost(one, str(deep)).interval.mean * len(one.seeds))
        steps = [arm.history.steps for arm in one.arms[str(deep)] if arm.outcome.status == "diverged"]
        first, last = (number(float(np.exp(np.log(table.loc[table["level"] == d, "norm"]).mean())), 2) for d in (shallow, deep))
        return {
            "factor": number(_factor(evidence).interval.mean), "deep": deep, "shallow": shallow, "lost": lost, "n": len(one.seeds),
            "steps": number(float(np.median(steps))) if steps else "–", "first": first, "last": last,
            "healthy": score(one, str(shallow)).alone, "metric": METRICS[one.metric],
        }  # fmt: skip

    def _mending(self, judged: Sequence[Judged]) -> Text:
        """Which remedies work, which do not, which are open."""
        outcomes = {one.claim.key: one.outcome for one in judged}
        sentences = []
        for outcome, template in (("held", _MENDED), ("did not hold", _NOT_MENDED), ("undecided", _OPEN)):
            names = [one.name for one in self.remedies if outcomes[one.key] == outcome]
            if names:
                sentences.append(template.fill(names=join(names, ", ")))
        return join(sentences)

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The gradient by depth, the loss of the first steps, the trial of the remedies."""
        one, table, found = evidence.comparisons["remedies"], evidence.tables["whole"], self._found(evidence)
        names = {BROKEN: _BROKEN, **{remedy.key: remedy.name for remedy in self.remedies}}
        verdicts = {each.claim.key: OUTCOMES_OF_REMEDIES[each.outcome] for each in judged}
        growing, first, mending = _GROWING.fill(**found), _FIRST.fill(**found), self._mending(judged)

        def grow() -> Figure:
            measured = table.pivot_table(index="seed", columns="level", values="norm")
            shown: dict[str, pd.Series | pd.DataFrame] = {str(_MEASURED): measured}
            if activation_of(self.model) == "relu":
                least = float(np.exp(np.log(measured[self.levels[0]]).mean()))
                powers = [least * self.predicted ** (depth - self.levels[0]) for depth in self.levels]
                shown[str(_THEORY)] = pd.Series(powers, index=list(self.levels))
            return by_depth(shown, title=growing, quantity=_NORM, x=_HIDDEN)

        def lose() -> Figure:
            def run(loss: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
                values = np.asarray(loss[:SHOWN], dtype=float)
                return np.arange(1, len(values) + 1), values

            shown = [key for key in (BROKEN, "clip", "skip", "he") if key in one.arms]
            return curves(
                {str(names[key]): [run(arm.history.loss) for arm in one.arms[key]] for key in shown},
                title=first,
                y=_LOSS,
                log=True,
            )

        return [
            Drawn(growing, grow, _READ_GROWING),
            Drawn(first, lose, _READ_LOSS),
            Drawn(mending, lambda: forest(one, names, mending, verdicts), _READ_MENDING),
        ]

    def changes(self) -> Sequence[Change]:
        """Smaller weights, a bounded activation, another optimizer, other data."""
        return [
            Change(_TRY_STD, "whynet ask exploding-gradient --set std=0.2"),
            Change(_TRY_TANH, "whynet ask exploding-gradient --model 'mlp(widths=[64], activation=tanh)'"),
            Change(_TRY_ADAM, "whynet ask exploding-gradient --set 'optimizer=adam(lr=0.001)'"),
            Change(_TRY_DATA, "whynet ask exploding-gradient --data wine --set epochs=100"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def growth(table: pd.DataFrame) -> np.ndarray:
    """(g at the greatest depth / g at the least)^(1 / layers between), a value for each seed; columns level, seed, norm."""
    wide = table.pivot_table(index="seed", columns="level", values="norm")
    low, top = int(wide.columns.min()), int(wide.columns.max())
    return np.asarray((wide[top] / wide[low]) ** (1 / (top - low)), dtype=float)


def _factor(evidence: Evidence) -> Measured:
    return mean_of(growth(evidence.tables["whole"]), _PER_LAYER)


def _lost(one: Comparison, level: str) -> Measured:
    return mean_of([float(arm.outcome.status == "diverged") for arm in one.arms[level]], _SHARE, "percent")


def _slower(one: Recipe) -> Recipe:
    """A tenth of the learning rate, where the optimizer says one."""
    given = one.optimizer.options.get("lr") if isinstance(one.optimizer, Spec) else None
    return one.change(**{"optimizer.lr": given / 10}) if isinstance(given, int | float) else one


REMEDIES = (
    Remedy(
        "clip",
        Text("clipping at 1", "크기 1로 클리핑"),
        Text("Clipping the gradient at length 1 mends it.", "기울기를 길이 1로 자르면(clipping) 학습한다."),
        lambda r: r.change(clip="norm(most=1.0)"),
        saying=True,
    ),
    Remedy(
        "rate",
        Text("a tenth of the learning rate", "학습률 10분의 1"),
        Text("A tenth of the learning rate mends it.", "학습률(learning rate)을 10분의 1로 줄이면 학습한다."),
        _slower,
        saying=True,
    ),
    Remedy(
        "skip",
        Text("skip connections", "스킵 연결"),
        Text("Skip connections mend it.", "스킵 연결(skip connection)을 두면 학습한다."),
        lambda r: r.change(**{"model.skip": "add"}),
        saying=True,
    ),
    Remedy(
        "he",
        Text("He initialisation", "He 초기화"),
        Text("He initialisation mends it.", "He 초기화(initialisation)로 학습한다."),
        lambda r: r.change(init="he"),
    ),
    Remedy(
        "batch-norm",
        Text("batch norm", "배치 정규화"),
        Text("Batch normalisation mends it.", "배치 정규화(batch normalisation)로 학습한다."),
        lambda r: r.change(**{"model.norm": "batch"}),
    ),
)
_PER_LAYER = Text("what one layer more multiplies the gradient by", "층 하나가 늘 때 기울기에 곱해지는 수")
_SHARE = Text("seeds that end in infinity or NaN", "무한대나 NaN으로 끝나는 시드의 비율")
_GROWS = Text(
    "With weights of std {std} every layer more makes the gradient larger.",
    "표준편차 {std}인 가중치에서는 층이 하나 늘 때마다 기울기가 커진다.",
)
_PREDICTED = Text(
    "It grows as theory says, by std · √(n/2) = {r} a layer, within a tenth.",
    "이론이 말하는 대로 층마다 std · √(n/2) = {r:으로} 곱해진다(10 % 안에서).",
)
_DIVERGES = Text("At depth {deep} every training ends in NaN.", "은닉층이 {deep}개면 모든 학습이 NaN으로 끝난다.")
_VERDICT = Text(
    "Each layer more multiplies the first gradient by {factor}: {first} at depth {shallow}, {last} at depth {deep}. There {lost} of {n} "
    "trainings end in NaN (median step {steps}); at depth {shallow} the network reaches {healthy} ({metric}).",
    "층이 하나 늘 때마다 첫 기울기에 {factor:이} 곱해진다. 은닉층 {shallow}개는 {first}, {deep}개는 {last:이다}. 거기서 {n}개 중 "
    "{lost}개의 학습이 NaN으로 끝난다(중앙값 {steps}스텝). 은닉층 {shallow}개는 {healthy}에 이른다({metric}).",
)
_MENDED = Text("Mended by: {names}.", "학습을 되살린 것: {names}.")
_NOT_MENDED = Text("Not mended by: {names}.", "되살리지 못한 것: {names}.")
_OPEN = Text("Undecided: {names}.", "판단 유보: {names}.")
_BROKEN = Text("unchanged", "그대로")
_GROWING = Text(
    "Each layer more multiplies the first gradient by {factor}", "층이 하나 늘 때마다 첫 스텝의 기울기에 {factor:이} 곱해진다"
)
_FIRST = Text(
    "At depth {deep}, {lost} of {n} trainings end in NaN, after {steps} steps",
    "은닉층 {deep}개: 학습 {n}개 중 {lost}개가 {steps}스텝 만에 NaN으로 끝난다",
)
_MEASURED, _THEORY = Text("measured", "잰 값"), Text("std · √(n/2) a layer", "층마다 std · √(n/2)")
_NORM = Text("first gradient of a layer, r.m.s.", "첫 스텝의 층별 기울기, 제곱평균제곱근")
_HIDDEN = Text("hidden layers", "은닉층의 수")
_LOSS = Text("training loss of a step", "스텝의 학습 손실(training loss)")
_READ_GROWING = Text(
    "The scale is logarithmic: a steady factor a layer is a power of the depth.",
    "세로축은 로그다. 층마다 같은 수가 곱해지면 깊이의 거듭제곱이 된다.",
)
_READ_LOSS = Text(
    "The first 40 steps. A line that ends in a cross became infinite or NaN there.",
    "처음 40스텝이다. ×로 끝나는 선은 거기서 무한대나 NaN이 되었다.",
)
_READ_MENDING = Text(
    "Each remedy alone, at the greatest depth, on the same seeds. It counts as mending where it brings back 80 % of what the shallow "
    "network gains over chance; a training that ends in NaN counts as chance or worse.",
    "가장 깊은 신경망에 해결책을 하나씩, 같은 시드에서 써 본다. 얕은 신경망이 우연 수준(chance)보다 더 얻는 것의 80 %를 되찾으면 학습을 "
    "되살린 것으로 친다. NaN으로 끝난 학습은 우연 수준이거나 더 나쁜 것으로 친다.",
)
_TRY_STD = Text("Somewhat smaller weights: does it still explode?", "조금 작은 가중치: 그래도 폭발하는가?")
_TRY_TANH = Text("Tanh cannot exceed 1: what happens to the gradient?", "tanh는 1을 넘지 못한다: 기울기는 어떻게 되는가?")
_TRY_ADAM = Text(
    "Adam divides by the size of the gradient: is that a remedy?", "Adam은 기울기의 크기로 나눈다: 그것이 해결책인가?"
)
_TRY_DATA = Text("Other data: is it the data or the weights?", "다른 데이터: 데이터 탓인가, 가중치 탓인가?")
_NOT_MLP = Text(
    "exploding-gradient varies the depth of an mlp. Expected a model such as mlp(widths=[64]). Received: {received}",
    "exploding-gradient는 mlp의 깊이를 바꾼다. mlp(widths=[64]) 같은 모델이어야 한다. 받은 것: {received}",
)
_DEPTHS = Text(
    "depths: expected at least two different depths, the greatest 3 or more. Received: {received}",
    "depths: 서로 다른 깊이가 둘 이상이고 가장 큰 것이 3 이상이어야 한다. 받은 것: {received}",
)
