"""Why can networks with skip connections be so deep?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from torch import nn

from whynet.engine.fit import Fitted
from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import by_depth
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.questions import gradients
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import skips, widths_of
from whynet.questions.numbers import CHANCE, METRICS, difference, gap, mean_of, score, score_on, scores
from whynet.questions.pictures import within
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

KINDS: dict[str, tuple[str | None, str | None]] = {  # skip, init
    "plain": (None, None), "he": (None, "he"), "skip": ("add", None), "skip-he": ("add", "he"),
}  # fmt: skip
SMALL = 0.1  # what removing one layer of many may cost


@register(
    "question",
    name="skip-connection",
    place=40,
    year=2015,
    source="He, Zhang, Ren and Sun, Deep residual learning for image recognition",
    en="Why can networks with skip connections be so deep?",
    ko="스킵 연결(skip connection)이 있는 신경망은 왜 깊어도 되는가?",
)
@dataclass(frozen=True)
class SkipConnection(Question):
    """Depth with and without skip connections, from torch's initial weights and from He's; then one layer taken out.

    ``model``: an mlp without skips; all hidden layers take its first width. Raises `OptionError` where it is another.
    """

    data: str | Spec = "digits"
    model: Spec = Spec("mlp", {"widths": [32]})  # noqa: RUF009  a spec is frozen
    depths: Sequence[Annotated[int, Range(least=1, most=100)]] | None = None
    optimizer: Spec = Spec("sgd", {"lr": 0.1})  # noqa: RUF009
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A deeper network could at least do what a shallower one does: its further layers need only pass on what they get. But a "
            "plain layer has to learn to pass on, through all the layers after it, and fails: deep plain networks are worse even on the "
            "data they are trained on, so overfitting is not the reason. With a skip, h + f(h), passing on is what a layer does by "
            "doing nothing.",
            "더 깊은 신경망은 적어도 얕은 신경망이 하는 만큼은 할 수 있다. 더해진 층은 받은 것을 그대로 넘기기만 하면 된다. 그러나 보통의 "
            "층은 그대로 넘기는 것을 뒤따르는 모든 층을 거쳐 배워야 하고, 그러지 못한다. 깊은 보통 신경망은 학습한 데이터에서조차 더 "
            "나쁘므로 과적합(overfitting) 탓이 아니다. 스킵 연결 h + f(h)에서는 아무것도 하지 않는 것이 곧 그대로 넘기는 것이다.",
        ),
        Text(
            "The gradient of a sum goes both ways undiminished, so the first layer hears the error directly. The same sum lets the signal "
            "grow: each layer adds to it. With weights as large as plain layers need, the signal doubles its variance at every layer, and "
            "what saves the plain network explodes the one with skips.",
            "합의 기울기(gradient)는 두 갈래로 줄지 않고 나뉘므로 첫 층이 오차를 곧바로 듣는다. 그러나 같은 합 때문에 신호가 커진다. "
            "층마다 더해지기 때문이다. 보통 층에 필요한 만큼 큰 가중치를 쓰면 층마다 신호의 분산이 두 배가 되므로, 보통 신경망을 "
            "살리는 초기화가 스킵 연결이 있는 신경망은 폭발시킨다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "h_{l+1} = h_l + f(W_l h_l),   ∂L/∂h_l = ∂L/∂h_{l+1} · (I + f′(z_l) W_l)\n"
        "Var h_{l+1} ≈ (1 + n · Var W / 2) · Var h_l:   torch Var W = 1/(3n): ×7/6 a layer,   He Var W = 2/n: ×2 a layer",
        "h_{l+1} = h_l + f(W_l h_l),   ∂L/∂h_l = ∂L/∂h_{l+1} · (I + f′(z_l) W_l)\n"
        "Var h_{l+1} ≈ (1 + n · Var W / 2) · Var h_l:   torch는 Var W = 1/(3n): 층마다 ×7/6,   He는 Var W = 2/n: 층마다 ×2",
    )
    sources: ClassVar[Sequence[str]] = (
        "He, Zhang, Ren and Sun, Deep residual learning for image recognition (2015)",
        "Veit, Wilber and Belongie, Residual networks behave like ensembles of relatively shallow networks (2016)",
        "Zhang, Dauphin and Ma, Fixup initialization: residual learning without normalization (2019)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if not widths_of(self.model) or skips(self.model):
            raise OptionError(_NOT_MLP, received=str(self.model))
        if len(set(self.levels)) < 2 or self.levels[-1] < 3:
            raise OptionError(_DEPTHS, received=str(list(self.levels)))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The depths compared, from shallow to deep."""
        return tuple(sorted(self.depths or ((2, 10, 20) if self.quick else (2, 5, 10, 20))))

    @property
    def middle(self) -> int:
        """The depth at which skips are compared with their absence: the greatest but one."""
        return self.levels[-2]

    @cached_property
    def base(self) -> Recipe:
        """The recipe that every network is a change of."""
        return recipe(self.data, self.model, optimizer=self.optimizer, epochs=self.epochs or (10 if self.quick else 20))

    def at(self, kind: str, depth: int) -> Level:
        """One kind of network at one depth."""
        skip, init = KINDS[kind]
        model = self.model.replace(widths=[widths_of(self.model)[0]] * depth, skip=skip)
        return Level(key(kind, depth), self.base.change(model=model, init=init))

    def measure(self, listen: Listen) -> Evidence:
        """Depth, skips and initial weights as the factor; then every layer taken out of a trained network with skips."""
        levels = [self.at(kind, depth) for depth in self.levels for kind in KINDS]
        seeds = self.seeds or (5 if self.quick else 10)
        one = compare_levels(levels, ["model", "init"], seeds, listen=listen, watching=gradients.AT_START)
        start = gradients.at_start(one)
        rows = [(seed, *lesion(fitted)) for seed, fitted in enumerate(one.arms[key("skip", self.middle)])]
        tables = {"shrinking": gradients.shrinking(start), "lesion": pd.DataFrame(rows, columns=["seed", "whole", "without"])}
        return Evidence({"depth": one}, tables, {"gradient": start})

    def claims(self) -> Sequence[Claim]:
        """Plain depth fails on the training data; what skips mend; what they do not."""
        low, mid, top = self.levels[0], self.middle, self.levels[-1]
        fill = {"low": low, "mid": mid, "top": top}

        def apart(
            kind: str, depth: int, other: str, shallow: int, holds: Range, name: str, text: Text, saying: bool = False
        ) -> Claim:
            return Claim(
                name,
                text.fill(**fill),
                lambda e: difference(e.comparisons["depth"], key(kind, depth), key(other, shallow)),
                holds,
                saying,
            )

        return [
            Claim(
                "degrades", _DEGRADES.fill(**fill), lambda e: _trained(e.comparisons["depth"], "he", top, low), Range(below=0)
            ),
            apart("skip", mid, "plain", mid, Range(above=0), "skip", _SKIP),
            Claim("arrives", _ARRIVES.fill(**fill), lambda e: _factor(e, key("skip", mid)), Range(least=0.9)),
            apart("skip", mid, "he", mid, Range(above=0), "beats-he", _BEATS, saying=True),
            apart("skip", top, "skip", low, Range(above=0), "deeper", _DEEPER, saying=True),
            apart("skip-he", mid, "skip", mid, Range(above=0), "both", _BOTH, saying=True),
            Claim("lesion", _LESION.fill(**fill), _cost, Range(most=SMALL)),
        ]

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """What each kind reaches at each depth, and what a layer taken out costs."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        one = evidence.comparisons["depth"]

        def listed(depth: int) -> Text:
            return join([_PAIR.fill(name=NAMES[kind], value=score(one, key(kind, depth)).alone) for kind in KINDS], ", ")

        def trained(depth: int) -> Text:
            means = {kind: float(_on_training(one, key(kind, depth)).mean()) for kind in KINDS}
            share = one.metric == "accuracy"
            return join(
                [_PAIR.fill(name=NAMES[kind], value=f"{100 * m:.1f} %" if share else number(m)) for kind, m in means.items()],
                ", ",
            )

        factors = {kind: number(_factor(evidence, key(kind, self.middle)).interval.mean, 2) for kind in KINDS}
        return {
            "low": self.levels[0], "mid": self.middle, "top": self.levels[-1], "in_low": listed(self.levels[0]),
            "in_mid": listed(self.middle), "in_top": listed(self.levels[-1]),
            "train_top": trained(self.levels[-1]),
            "metric": METRICS[one.metric], "cost": _cost(evidence).alone,
            "plain": factors["plain"], "skip": factors["skip"],
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The score by depth, the training score by depth, the gradient by layer."""
        one, start, found = evidence.comparisons["depth"], evidence.traces["gradient"], self._found(evidence)
        falling, training, fading = _FALLING.fill(**found), _ON_TRAINING.fill(**found), _FADING.fill(**found)

        def score_by_depth(title: Text, y_name: Text, train: bool) -> Figure:
            rows = [
                (depth, str(NAMES[kind]), value)
                for kind in KINDS for depth in self.levels
                for value in (_on_training(one, key(kind, depth)) if train else scores(one, key(kind, depth)))
            ]  # fmt: skip
            frame = pd.DataFrame(rows, columns=["depth", "kind", "score"])
            figure = lines.interval(frame, "depth", "score", by="kind", title=title, x_name=_HIDDEN, y_name=y_name)
            return remarks.reference(remarks.ticks(within(figure, one), self.levels), one.chance, CHANCE)

        def fade() -> Figure:
            shown = {str(NAMES[kind]): gradients.by_seed(start, key(kind, self.middle)) for kind in KINDS}
            return by_depth(shown, title=fading, quantity=_NORM)

        return [
            Drawn(falling, lambda: score_by_depth(falling, METRICS[one.metric], False), _READ_FALLING),
            Drawn(training, lambda: score_by_depth(training, _TRAIN_SCORE, True), _READ_TRAINING),
            Drawn(fading, fade, _READ_FADING),
        ]

    def changes(self) -> Sequence[Change]:
        """Normalisation beside the skips, sigmoids, more depth, other data."""
        return [
            Change(_TRY_NORM, "whynet ask skip-connection --model 'mlp(widths=[32], norm=batch)'"),
            Change(_TRY_SIGMOID, "whynet ask skip-connection --model 'mlp(widths=[32], activation=sigmoid)'"),
            Change(_TRY_DEEPER, "whynet ask skip-connection --set 'depths=[10, 20, 40]' --set 'optimizer=sgd(lr=0.01)'"),
            Change(_TRY_DATA, "whynet ask skip-connection --data spirals --set epochs=60"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def key(kind: str, depth: int) -> str:
    """The name of a level: ``skip 10``."""
    return f"{kind} {depth}"


def lesion(one: Fitted) -> tuple[float, float]:
    """The test metric of a trained mlp with skips, and its mean with one hidden layer after another made to pass on what it gets.

    The first layer stays, which changes the width and so has no way around it.
    """
    module = one.module

    def value() -> float:
        return score_on(one, one.dataset.test.x, module)

    whole, without = value(), []
    hidden = module.get_submodule("hidden")
    for name, block in list(hidden.named_children()):
        if getattr(block, "skip", None) == "add":
            hidden._modules[name] = nn.Identity()
            without.append(value())
            hidden._modules[name] = block
    return whole, float(np.mean(without)) if without else np.nan


def _on_training(one: Comparison, level: str) -> np.ndarray:
    """The metric on the training data; chance where training diverged."""
    found = [fitted.history.final("train") if fitted.outcome.status != "diverged" else np.nan for fitted in one.arms[level]]
    return np.where(np.isfinite(found), np.maximum(found, -1.0), one.chance)


def _trained(one: Comparison, kind: str, depth: int, shallow: int) -> Measured:
    change = _on_training(one, key(kind, depth)) - _on_training(one, key(kind, shallow))
    return mean_of(change, _TRAIN_CHANGE, gap(one))


def _factor(evidence: Evidence, level: str) -> Measured:
    table = evidence.tables["shrinking"]
    return mean_of(table.loc[table["level"] == level, "factor"].to_numpy(dtype=float), _PER_LAYER)


def _cost(evidence: Evidence) -> Measured:
    table = evidence.tables["lesion"]
    return mean_of((table["whole"] - table["without"]).to_numpy(dtype=float), _LOST, gap(evidence.comparisons["depth"]))


NAMES = {
    "plain": Text("plain", "보통"), "he": Text("plain + He", "보통 + He"),
    "skip": Text("skips", "스킵 연결"), "skip-he": Text("skips + He", "스킵 연결 + He"),
}  # fmt: skip
_TRAIN_CHANGE = Text("difference on the training data, same seeds", "학습 데이터에서의 차이, 같은 시드끼리")
_PER_LAYER = Text("what one layer passes back of the gradient", "층 하나가 뒤로 전하는 기울기의 비율")
_LOST = Text("what is lost by one layer taken out, mean over layers", "층 하나를 빼서 잃는 것, 층들의 평균")
_DEGRADES = Text(
    "Plain depth is worse on the training data too, even from He's weights: {top} layers against {low}.",
    "보통 신경망은 He 초기화에서도 깊으면 학습 데이터에서조차 더 나쁘다. 은닉층 {top}개와 {low}개.",
)
_SKIP = Text("At depth {mid} skip connections make the network better.", "은닉층 {mid}개에서 스킵 연결이 있으면 더 낫다.")
_ARRIVES = Text(
    "With skips each of {mid} layers passes back at least nine tenths of the gradient.",
    "스킵 연결이 있으면 {mid}개 층이 저마다 기울기의 10분의 9 이상을 뒤로 전한다.",
)
_BEATS = Text(
    "Skips do more than good initial weights: at depth {mid} they beat He.",
    "스킵 연결은 좋은 초기화보다 낫다. 은닉층 {mid}개에서 He 초기화를 이긴다.",
)
_DEEPER = Text(
    "With skips, deeper is better: {top} layers beat {low}.",
    "스킵 연결이 있으면 깊을수록 좋다. 은닉층 {top}개가 {low}개를 이긴다.",
)
_BOTH = Text(
    "Two remedies are better than one: at depth {mid} skips with He beat skips.",
    "둘을 함께 쓰면 더 좋다. 은닉층 {mid}개에서 스킵 연결과 He 초기화가 스킵 연결만을 이긴다.",
)
_LESION = Text(
    "One layer of {mid} can be taken out of a trained network with skips for 0.1 at most.",
    "학습한 스킵 연결 신경망의 {mid}개 층에서 하나를 빼도 많아야 0.1을 잃는다.",
)
_VERDICT = Text(
    "{metric} at depth {low}: {in_low}; at depth {mid}: {in_mid}; at depth {top}: {in_top}. At the start one of {mid} plain layers passes "
    "back {plain} of the gradient, with skips {skip}. One layer taken out of a trained network with skips: {cost} lost.",
    "{metric}, 은닉층 {low}개: {in_low}. {mid}개: {in_mid}. {top}개: {in_top}. 처음에 보통 층 {mid}개는 저마다 기울기의 {plain}배를, 스킵 "
    "연결이 있으면 {skip}배를 뒤로 전한다. 학습한 스킵 연결 신경망에서 층 하나를 뺄 때 잃는 것: {cost}.",
)
_PAIR = Text("{name} {value}", "{name} {value}")
_FALLING = Text("At depth {mid}: {in_mid}", "은닉층 {mid}개에서: {in_mid}")
_ON_TRAINING = Text("On the training data at depth {top}: {train_top}", "학습 데이터에서 은닉층 {top}개: {train_top}")
_FADING = Text(
    "One plain layer passes back {plain} of the gradient, one with a skip {skip}",
    "보통 층 하나는 기울기의 {plain}배를, 스킵 연결이 있는 층은 {skip}배를 뒤로 전한다",
)
_HIDDEN = Text("hidden layers", "은닉층의 수")
_TRAIN_SCORE = Text("metric on the training data", "학습 데이터에서의 지표")
_NORM = Text("gradient norm ‖∂L/∂W‖ at the first step", "첫 스텝의 기울기 노름 ‖∂L/∂W‖")
_READ_FALLING = Text("Nothing but depth, skips and initial weights differs.", "깊이, 스킵 연결, 초기 가중치 말고는 모두 같다.")
_READ_TRAINING = Text(
    "What is bad here cannot be overfitting. A training that diverged counts as chance.",
    "여기서 나쁜 것은 과적합일 수 없다. 발산한 학습은 우연 수준으로 친다.",
)
_READ_FADING = Text(
    "Before any weight has moved. A flat line is a gradient that arrives whole; its height is the size of the signal.",
    "가중치가 움직이기 전이다. 평평한 선은 기울기가 온전히 도달한다는 뜻이고, 높이는 신호의 크기다.",
)
_TRY_NORM = Text(
    "Batch norm beside the skips, as in the paper: can it be deeper?", "논문처럼 배치 정규화와 함께: 더 깊어도 되는가?"
)
_TRY_SIGMOID = Text("Sigmoids: do skips mend those too?", "시그모이드: 스킵 연결이 그것도 살리는가?")
_TRY_DEEPER = Text("More depth at a smaller rate: where does it end?", "더 깊게, 더 작은 학습률로: 어디서 끝나는가?")
_TRY_DATA = Text("Two spirals: does depth pay there?", "두 나선: 거기서는 깊이가 쓸모 있는가?")
_NOT_MLP = Text(
    "skip-connection puts skips into an mlp that has none. Expected a model such as mlp(widths=[32]). Received: {received}",
    "skip-connection은 스킵 연결이 없는 mlp에 스킵 연결을 넣는다. mlp(widths=[32]) 같은 모델이어야 한다. 받은 것: {received}",
)
_DEPTHS = Text(
    "depths: expected at least two different depths, the greatest 3 or more. Received: {received}",
    "depths: 서로 다른 깊이가 둘 이상이고 가장 큰 것이 3 이상이어야 한다. 받은 것: {received}",
)
