"""Why does a network that knows its training set fail on new examples?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, cast

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.data import load
from whynet.errors import OptionError
from whynet.experiment.compare import BOUNDS, Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import relation
from whynet.questions.claim import Claim, Judged, Measured, written
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.resampled import folded
from whynet.questions.generalisation.setting import ADAM, DATA, NETWORK, count, network
from whynet.questions.numbers import METRICS, difference, gap, mean_of
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe
from whynet.registry import Range, canonical, register
from whynet.spec import Spec
from whynet.text import Text, join, plain

FOLDS = 5
NOISE = 0.5  # share of wrong labels in the worst case


@register(
    "question",
    name="overfitting",
    place=10,
    year=2017,
    source="Geman, Bienenstock and Doursat (1992); Zhang, Bengio, Hardt, Recht and Vinyals (2017)",
    en="Why does a network that knows its training set fail on new examples?",
    ko="훈련 세트를 다 아는 신경망이 왜 새 예제에서는 틀리는가?",
)
@dataclass(frozen=True)
class Overfitting(Question):
    """Training score − test score against width, number of examples and wrong labels; K-fold cross-validation.

    ``model``: an mlp, all of whose hidden layers take each of ``widths`` in turn. Raises `OptionError` where it is another.
    """

    data: str | Spec = DATA
    model: Spec = NETWORK
    widths: Sequence[Annotated[int, Range(least=1)]] | None = None
    optimizer: Spec = ADAM
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Training lowers the loss on the examples at hand, and nothing else. What they have in common holds for others too; "
            "what is particular to each, its noise and its wrong label, does not. A network with more weights than it needs can "
            "learn both, and the difference between its score on the training set and on a test set, the generalisation gap, is "
            "what it learned by heart.",
            "학습은 가진 예제의 손실을 낮출 뿐이다. 예제들에 공통된 것은 다른 예제에도 통하지만, 예제 하나하나의 잡음이나 잘못된 "
            "레이블은 통하지 않는다. 필요보다 가중치가 많은 신경망은 둘 다 배울 수 있다. 훈련 세트와 테스트 세트의 점수 차이인 일반화 "
            "격차(generalisation gap)가 통째로 외운 몫이다. 이것이 과적합(overfitting)이다.",
        ),
        Text(
            "Three things widen the gap: more capacity, fewer examples, more noise. A gap alone is no harm: a larger network may "
            "know its examples by heart and still be better on others. To see what is gained one needs examples that took no part "
            "in training; where they are few, K-fold cross-validation lets each of them be held out once.",
            "격차를 넓히는 것은 셋이다. 큰 용량(capacity), 적은 예제, 많은 잡음. 격차 자체가 해로운 것은 아니다. 큰 신경망은 예제를 "
            "외우면서도 다른 예제에서 더 나을 수 있다. 무엇을 얻었는지는 학습에 쓰지 않은 예제로만 알 수 있다. 그런 예제가 모자라면 K겹 "
            "교차 검증(K-fold cross-validation)으로 예제마다 한 번씩 빼 두고 검증한다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "gap = score(training) − score(test)\nCV_K = 1/K · Σ_k score( network trained without fold k, fold k )",
        "차이 = 점수(훈련) − 점수(테스트)\nCV_K = 1/K · Σ_k 점수( 폴드 k 없이 학습한 신경망, 폴드 k )",
    )
    sources: ClassVar[Sequence[str]] = (
        "Stone, Cross-validatory choice and assessment of statistical predictions (1974)",
        "Geman, Bienenstock and Doursat, Neural networks and the bias/variance dilemma (1992)",
        "Kohavi, A study of cross-validation and bootstrap for accuracy estimation and model selection (1995)",
        "Zhang, Bengio, Hardt, Recht and Vinyals, Understanding deep learning requires rethinking generalization (2017)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if self.model.name != "mlp" or not self.layers:
            raise OptionError(_NOT_MLP, received=str(self.model))
        if len(set(self.levels)) < 2:
            raise OptionError(_WIDTHS, received=str(list(self.levels)))

    # --- the networks --------------------------------------------------------------------------------------------

    @property
    def layers(self) -> int:
        """Hidden layers."""
        return len(cast(list[int], {"widths": [64, 64], **canonical("model", self.model).options}["widths"]))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The widths compared, from narrow to wide."""
        return tuple(sorted(self.widths or ((4, 32, 256) if self.quick else (2, 4, 8, 16, 64, 256))))

    @property
    def base(self) -> Recipe:
        """The network that the examples and labels are varied for."""
        return network(self.data, self.model, self.optimizer, self.steps, self.quick)

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Width as the factor; then the training set: fewer examples, true and wrong labels; then folds of the true ones."""
        base, seeds = self.base, count(self.seeds, self.quick)
        data = cast(Spec, base.data)
        wide = [Level(str(w), base.change(**{"model.widths": [w] * self.layers})) for w in self.levels]
        whole = load(data, 0)
        n, least = len(whole.train), whole.task.outputs if whole.task.kind == "classify" else 2
        sets = {
            "all": base, "half": base.change(**{"data.train": max(n // 2, least)}),
            "quarter": base.change(**{"data.train": max(n // 4, least)}),
            "true": base.change(**{"data.label_noise": 0.0}), "wrong": base.change(**{"data.label_noise": NOISE}),
        }  # fmt: skip
        clean = data.replace(label_noise=0.0)
        folds = [Level(str(fold), base.change(data=folded(clean, fold, FOLDS))) for fold in range(FOLDS)]
        by_fold = compare_levels(folds, ["data"], seeds, listen=listen)
        return Evidence(
            {
                "capacity": compare_levels(wide, ["model.widths"], seeds, listen=listen),
                "examples": compare_levels([Level(k, r) for k, r in sets.items()], ["data"], seeds, listen=listen),
                "folds": by_fold,
            },
            {"folds": _estimates(by_fold), "sizes": pd.DataFrame([{"all": n, "half": n // 2, "quarter": n // 4}])},
        )

    def claims(self) -> Sequence[Claim]:
        """What widens the gap, whether it hurts, and what cross-validation is worth."""
        narrow, middle, wide = (str(self.levels[i]) for i in (0, -2, -1))
        fill = {"narrow": narrow, "middle": middle, "wide": wide, "noise": f"{100 * NOISE:.0f}", "folds": FOLDS}
        more, worse = Range(above=0), Range(below=0)
        return [
            Claim("capacity", _CAPACITY.fill(**fill), lambda e: gaps.gap_change(e.comparisons["capacity"], wide, narrow), more),
            Claim(
                "capacity-hurts", _HURTS.fill(**fill), lambda e: difference(e.comparisons["capacity"], wide, middle), worse,
                saying=True,
            ),
            Claim("examples", _FEWER, lambda e: gaps.gap_change(e.comparisons["examples"], "quarter", "all"), more),
            Claim("noise", _NOISE.fill(**fill), lambda e: gaps.gap_change(e.comparisons["examples"], "wrong", "true"), more),
            Claim(
                "by-heart", _BY_HEART.fill(**fill), lambda e: gaps.training_score(e.comparisons["examples"], "wrong"),
                Range(least=0.95), saying=True,
            ),
            Claim("folds", _FOLDS.fill(**fill), _closer, worse, saying=True),
        ]  # fmt: skip

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The gap of each network and training set, and what became of the sayings."""
        names = self._names(evidence)
        parts = [
            words.fill(gaps=join([_PAIR.fill(name=names[key], value=gaps.gap_of(one, key).alone) for key in keys], ", "))
            for words, one, keys in (
                (_BY_WIDTH, evidence.comparisons["capacity"], [str(w) for w in self.levels]),
                (_BY_SET, evidence.comparisons["examples"], ["quarter", "all", "true", "wrong"]),
            )
        ]
        return join([*parts, gaps.sayings(judged)])

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Training and test score by width, by number of examples, by wrong labels; what the folds say."""
        wide, sets = evidence.comparisons["capacity"], evidence.comparisons["examples"]
        names = self._names(evidence)
        widths = {str(w): plain(str(w)) for w in self.levels}
        sizes = {key: names[key] for key in ("quarter", "half", "all")}
        labels = {key: names[key] for key in ("true", "wrong")}
        if self._own_noise > 0:
            labels = {"true": names["true"], "all": _SHARE.fill(share=f"{100 * self._own_noise:.0f}"), "wrong": names["wrong"]}
        titles = [_TITLE.fill(scores=gaps.listed(one, of)) for one, of in ((wide, widths), (sets, sizes), (sets, labels))]
        folds = evidence.tables["folds"]
        style = gap(wide)
        off = {name: written(float((folds[name] - folds["test"]).abs().mean()), style).lstrip("+") for name in ("one", "mean")}
        scatter = (_OFF_POINTS if style == "points" else _OFF).fill(**off, folds=FOLDS)
        return [
            Drawn(titles[0], lambda: gaps.train_and_test(wide, widths, titles[0], _WIDTH), gaps.READ_BOTH),
            Drawn(titles[1], lambda: gaps.train_and_test(sets, sizes, titles[1], _SIZE), gaps.READ_BOTH),
            Drawn(titles[2], lambda: gaps.train_and_test(sets, labels, titles[2], _LABELS), gaps.READ_BOTH),
            Drawn(scatter, lambda: _scatter(folds, evidence.comparisons["folds"].metric, scatter), _READ_FOLDS),
        ]

    @property
    def _own_noise(self) -> float:
        return float(cast(float, canonical("data", cast(Spec, self.base.data)).options.get("label_noise", 0.0)))

    def _names(self, evidence: Evidence) -> dict[str, Text]:
        sizes = evidence.tables["sizes"].iloc[0]
        examples = {key: _EXAMPLES.fill(n=int(sizes[key])) for key in ("all", "half", "quarter")}
        noise = {"true": _SHARE.fill(share="0"), "wrong": _SHARE.fill(share=f"{100 * NOISE:.0f}")}
        return {**examples, **noise, **{str(w): plain(str(w)) for w in self.levels}}

    def changes(self) -> Sequence[Change]:
        """True labels, other data, two layers, a longer training."""
        return [
            Change(_TRY_CLEAN, "whynet ask overfitting --data 'digits(train=200)'"),
            Change(_TRY_WIDER, "whynet ask overfitting --set 'widths=[16, 64, 256, 1024]'"),
            Change(_TRY_DEEPER, "whynet ask overfitting --model 'mlp(widths=[64, 64, 64])'"),
            Change(_TRY_VALUES, "whynet ask overfitting --data diabetes"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def _estimates(folds: Comparison) -> pd.DataFrame:
    """For each seed: the score on one fold, the mean over all, and the mean score of the same networks on the test set."""
    low = BOUNDS.get(folds.metric, (None, None))[0]
    each = {split: np.array([gaps.final(folds, level, split) for level in folds.arms]) for split in ("validation", "test")}
    each = {split: values if low is None else np.maximum(values, low) for split, values in each.items()}  # (folds, seeds)
    columns = {"one": each["validation"][0], "mean": each["validation"].mean(axis=0), "test": each["test"].mean(axis=0)}
    return pd.DataFrame({"seed": folds.seeds, **columns})


def _closer(evidence: Evidence) -> Measured:
    """|mean over folds − test| − |one fold − test|."""
    table = evidence.tables["folds"]
    apart = (table["mean"] - table["test"]).abs() - (table["one"] - table["test"]).abs()
    return mean_of(apart.to_numpy(dtype=float), _CLOSER, gap(evidence.comparisons["folds"]))


def _scatter(folds: pd.DataFrame, metric: str, title: Text) -> Figure:
    rows = [pd.DataFrame({"test": folds["test"], "guess": folds[key], "of": str(name)}) for key, name in _GUESSES.items()]
    frame = pd.concat(rows, ignore_index=True)
    figure = relation(frame, "test", "guess", by="of", title=title, x_name=METRICS[metric], y_name=_GUESS)
    ax = figure.axes[0]
    ends = [float(frame[["test", "guess"]].min().min()), float(frame[["test", "guess"]].max().max())]
    ax.plot(ends, ends, color="0.5", linewidth=1, linestyle="--", zorder=0)
    return figure


_CAPACITY = Text(
    "The gap between training and test score is larger at width {wide} than at width {narrow}.",
    "훈련 점수와 테스트 점수의 격차가 너비(width) {narrow}보다 {wide}에서 더 크다.",
)
_HURTS = Text(
    "Too much capacity hurts: width {wide} does worse on the test set than width {middle}.",
    "용량(capacity)이 지나치면 해롭다: 너비 {wide}의 테스트 점수가 너비 {middle}보다 낮다.",
)
_FEWER = Text("With a quarter of the examples the gap is larger.", "예제가 4분의 1이면 격차가 더 크다.")
_NOISE = Text(
    "With {noise} % of the labels wrong the gap is larger than with true ones.",
    "레이블의 {noise} %가 틀리면 모두 옳을 때보다 격차가 더 크다.",
)
_BY_HEART = Text(
    "The network learns its training set by heart even where {noise} % of the labels are wrong.",
    "레이블의 {noise} %가 틀려도 신경망은 훈련 세트를 통째로 외운다.",
)
_FOLDS = Text(
    "The mean of {folds} folds lies closer to the test score than one fold does.",
    "폴드(fold) {folds}개의 평균이 폴드 하나보다 테스트 점수에 더 가깝다.",
)
_CLOSER = Text(
    "distance of the mean of folds to the test score − that of one fold, same seeds",
    "폴드 평균과 테스트 점수의 거리 − 폴드 하나와의 거리, 같은 시드끼리",
)
_BY_WIDTH = Text("Gap between training and test score by width: {gaps}.", "너비에 따른 훈련 점수와 테스트 점수의 격차: {gaps}.")
_BY_SET = Text("By training set: {gaps}.", "훈련 세트를 바꾸면: {gaps}.")
_PAIR = Text("{name}: {value}", "{name}: {value}")
_EXAMPLES = Text("{n} examples", "예제 {n}개")
_SHARE = Text("{share} % wrong labels", "틀린 레이블 {share} %")
_TITLE = Text("On the test set: {scores}", "테스트 세트에서: {scores}")
_OFF_POINTS = Text(
    "One fold misses the test score by {one} points on average, the mean of {folds} by {mean}",
    "테스트 점수에서 평균으로 폴드(fold) 하나는 {one} %포인트, 폴드 {folds}개의 평균은 {mean} %포인트 벗어난다",
)
_OFF = Text(
    "One fold misses the test score by {one} on average, the mean of {folds} by {mean}",
    "테스트 점수에서 평균으로 폴드(fold) 하나는 {one}, 폴드 {folds}개의 평균은 {mean} 벗어난다",
)
_READ_FOLDS = Text(
    "A dot for each seed: what the held-out examples promised, against what the same networks reach on the test set. On the dashed "
    "line the promise is kept.",
    "시드마다 점 하나: 빼 둔 예제로 어림한 점수와 같은 신경망이 테스트 세트에서 얻은 점수. 점선 위에서는 어림이 맞는다.",
)
_GUESSES = {"one": Text("one fold", "폴드 하나"), "mean": Text("mean of all folds", "모든 폴드의 평균")}
_GUESS = Text("score on held-out examples", "빼 둔 예제에서의 점수")
_WIDTH = Text("width: units of each hidden layer", "너비(width): 은닉층마다의 유닛 수")
_SIZE = Text("training examples", "훈련 예제")
_LABELS = Text("wrong labels in the training set", "훈련 세트의 틀린 레이블")
_TRY_CLEAN = Text("True labels: does a wide network still do harm?", "옳은 레이블: 그래도 넓은 신경망이 해로운가?")
_TRY_WIDER = Text("Far wider networks: does the test score fall further?", "훨씬 넓은 신경망: 테스트 점수가 더 떨어지는가?")
_TRY_DEEPER = Text("Three hidden layers", "은닉층 세 개")
_TRY_VALUES = Text("Values to predict instead of classes", "클래스 대신 값을 예측한다")
_NOT_MLP = Text(
    "overfitting varies the width of an mlp. Expected a model such as mlp(widths=[64]). Received: {received}",
    "overfitting은 mlp의 너비를 바꾼다. mlp(widths=[64]) 같은 모델이어야 한다. 받은 것: {received}",
)
_WIDTHS = Text(
    "widths: expected at least two different widths. Received: {received}",
    "widths: 서로 다른 너비가 둘 이상이어야 한다. 받은 것: {received}",
)
