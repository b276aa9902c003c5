"""Why tell a network to be a little less sure?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from whynet.engine.fit import Fitted
from whynet.experiment.compare import Comparison, compare
from whynet.experiment.statistics import paired
from whynet.figures.charts import lines
from whynet.questions.claim import ENOUGH, Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.setting import ADAM, DATA, NETWORK, count, network
from whynet.questions.numbers import difference, mean_of
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

SMOOTHINGS = (0.0, 0.1, 0.3)
USUAL = 0.1
BINS = 10  # of confidence
NEAR = 0.2  # of the margin that theory foretells, relative


@register(
    "question",
    name="label-smoothing",
    place=70,
    year=2016,
    source="Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, Rethinking the Inception architecture",
    en="Why does it help to tell a network that no label is quite certain?",
    ko="어떤 레이블도 아주 확실하지는 않다고 알려 주면 왜 도움이 되는가?",
)
@dataclass(frozen=True)
class LabelSmoothing(Question):
    """Test score, confidence, calibration and margin by ε, with wrong labels among the training examples and with true ones."""

    data: str | Spec = DATA
    model: Spec = NETWORK
    optimizer: Spec = ADAM
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Cross-entropy is satisfied only by certainty: with the right class at 99 % it still asks for more, and the logits grow "
            "without end. Label smoothing takes a share ε of the target off the labelled class and spreads it over all of them. "
            "Then there is a best distance between the right logit and the others, and going beyond it costs.",
            "교차 엔트로피(cross-entropy)는 확실해야만 만족한다. 정답 클래스에 99 %를 주어도 더 달라고 하므로 로짓(logit)이 끝없이 커진다. "
            "레이블 스무딩(label smoothing)은 타깃에서 ε만큼을 떼어 모든 클래스에 고루 나눈다. 그러면 정답 로짓과 나머지 사이에 알맞은 "
            "거리가 생기고, 그보다 벌리면 손해다.",
        ),
        Text(
            "A wrong label then pulls less, and a network that is no surer than ε allows is wrong less loudly. It need not be honest "
            "by that: one that was right as often as it was sure becomes too modest.",
            "그러면 틀린 레이블의 힘이 줄고, ε이 허락하는 만큼만 확신하는 신경망은 틀려도 덜 크게 틀린다. 그렇다고 정직해지는 것은 아니다. "
            "확신하는 만큼 맞히던 신경망은 지나치게 겸손해진다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "L = −(1 − ε) ln p_y − ε/K Σ_j ln p_j,   lowest where p_y = 1 − ε + ε/K,   p_j = ε/K\n"
        "margin* = z_y − z_j = ln( K (1 − ε)/ε + 1 )      K = 10, ε = 0.1:  ln 91 ≈ 4.51\n"
        "ECE = Σ_bins n_b/n · | accuracy_b − confidence_b |",
        "L = −(1 − ε) ln p_y − ε/K Σ_j ln p_j,   가장 낮은 곳은 p_y = 1 − ε + ε/K,   p_j = ε/K\n"
        "거리* = z_y − z_j = ln( K (1 − ε)/ε + 1 )      K = 10, ε = 0.1:  ln 91 ≈ 4.51\n"
        "ECE = Σ_구간 n_b/n · | 정확도_b − 확신_b |",
    )
    sources: ClassVar[Sequence[str]] = (
        "Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, Rethinking the Inception architecture for computer vision (2016)",
        "Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (2017)",
        "Müller, Kornblith and Hinton, When does label smoothing help? (2019)",
    )

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def base(self) -> Recipe:
        """The network with plain cross-entropy."""
        return network(self.data, self.model, self.optimizer, self.steps, self.quick).change(loss="cross_entropy")

    def measure(self, listen: Listen) -> Evidence:
        """ε as the factor, with the labels as they are and with true ones."""
        seeds = count(self.seeds, self.quick, 10)
        bases = {"noisy": self.base, "true": self.base.change(**{"data.label_noise": 0.0})}
        found = {key: compare(one, {"loss.label_smoothing": SMOOTHINGS}, seeds, listen=listen) for key, one in bases.items()}
        tables = {f"sure-{key}": _sureness(one) for key, one in found.items()}
        return Evidence(found, tables, {"bins": _by_bin(found["true"])})

    def claims(self) -> Sequence[Claim]:
        """What ε does to the score with wrong and true labels, to confidence and calibration, and to the margin."""
        none, usual = _level(0.0), _level(USUAL)
        fill = {"e": USUAL, "near": f"{100 * NEAR:.0f}"}
        more, less = Range(above=0), Range(below=0)
        return [
            Claim(
                "wrong-labels",
                _WRONG.fill(**fill),
                lambda e: difference(e.comparisons["noisy"], usual, none),
                more,
                saying=True,
            ),
            Claim(
                "true-labels", _TRUE.fill(**fill), lambda e: difference(e.comparisons["true"], usual, none), more, saying=True
            ),
            Claim("gap", _GAP.fill(**fill), lambda e: gaps.gap_change(e.comparisons["noisy"], usual, none), less),
            Claim("less-sure", _LESS_SURE.fill(**fill), lambda e: _change(e, "true", "confidence", _CONFIDENCE), less),
            Claim("calibrated", _CALIBRATED.fill(**fill), lambda e: _change(e, "true", "ece", _ECE), less, saying=True),
            Claim("margin", _MARGIN.fill(**fill), _margin, Range(least=1 - NEAR, most=1 + NEAR)),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Score and calibration with wrong and with true labels, and what became of the sayings."""
        told = [
            words.fill(told=gaps.told(evidence.comparisons[key], NAMES), ece=self._calibration(evidence, key))
            for key, words in (("noisy", _AS_IT_IS), ("true", _WITH_TRUE))
        ]
        return join([*told, gaps.sayings(judged)])

    def _calibration(self, evidence: Evidence, key: str) -> Text:
        means = evidence.tables[f"sure-{key}"].groupby("level", sort=False)["ece"].mean()
        return join([_PAIR.fill(name=name, value=f"{100 * means[level]:.1f}") for level, name in NAMES.items()], ", ")

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Scores by ε, each ε against none, and how often the network is right where it is so sure."""
        noisy, true = evidence.comparisons["noisy"], evidence.comparisons["true"]
        by_e = _TITLE.fill(scores=gaps.listed(noisy, NAMES))
        clean = _CLEAN.fill(words=gaps.against(true, NAMES))
        apart = gaps.against(noisy, NAMES)
        honest = _HONEST.fill(ece=self._calibration(evidence, "true"))
        places = {_level(e): _E.fill(e=f"{e:g}") for e in SMOOTHINGS}

        def reliability() -> Figure:
            table = evidence.traces["bins"]
            seen = table.groupby(["level", "confidence"])["seed"].transform("nunique")
            table = table[seen >= min(ENOUGH, table["seed"].nunique())]
            named = table.assign(level=table["level"].map({key: str(name) for key, name in NAMES.items()}))
            figure = lines.interval(named, "confidence", "accuracy", by="level", title=honest, x_name=_SURE, y_name=_RIGHT)
            ends = [1 / BINS / 2, 1.0]
            figure.axes[0].plot(ends, ends, color="0.5", linewidth=1, linestyle="--", zorder=0)
            figure.axes[0].set_ylim(0, 1.02)
            return figure

        return [
            Drawn(by_e, lambda: gaps.train_and_test(noisy, places, by_e, _EPSILON), gaps.READ_BOTH),
            Drawn(honest, reliability, _READ_HONEST),
            Drawn(apart, lambda: forest(noisy, NAMES, apart), gaps.READ_PAIRED),
            Drawn(clean, lambda: forest(true, NAMES, clean), gaps.READ_PAIRED),
        ]

    def changes(self) -> Sequence[Change]:
        """More wrong labels, other data, a deeper network."""
        return [
            Change(_TRY_NOISE, "whynet ask label-smoothing --data 'digits(train=200, label_noise=0.4)'"),
            Change(_TRY_DATA, "whynet ask label-smoothing --data 'fashion_mnist(train=1000)'"),
            Change(_TRY_DEEPER, "whynet ask label-smoothing --model 'mlp(widths=[64, 64, 64])'"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def probabilities(fitted: Fitted) -> Tensor:
    """What the network gives each class, (n, K), on the test set."""
    with torch.no_grad():
        return fitted.module(fitted.dataset.test.x).double().softmax(dim=1)


def calibration_error(p: Tensor, y: Tensor) -> float:
    """ECE: the mean over ten bins of confidence, weighted by their examples, of |accuracy − confidence|."""
    confidence, chosen = p.max(dim=1)
    right, place = (chosen == y).double(), (confidence * BINS).long().clamp(max=BINS - 1)
    gathered = torch.zeros(BINS, dtype=torch.float64).index_add(0, place, right - confidence)
    return float(gathered.abs().sum() / len(y))


def margin(fitted: Fitted) -> float:
    """z_y − mean of the other logits, the mean over the training examples and the labels they were given."""
    x, y = fitted.dataset.train.x, fitted.dataset.train.y
    with torch.no_grad():
        z = fitted.module(x).double()
    own = z.gather(1, y[:, None])[:, 0]
    return float((own - (z.sum(dim=1) - own) / (z.shape[1] - 1)).mean())


def best_margin(classes: int, smoothing: float) -> float:
    """ln(K (1 − ε)/ε + 1), where the smoothed loss is lowest."""
    return math.log(classes * (1 - smoothing) / smoothing + 1)


def _sureness(one: Comparison) -> pd.DataFrame:
    """For each level and seed: mean confidence and ECE on the test set, and the margin on the training set."""
    rows = []
    for level, arms in one.arms.items():
        for seed, fitted in zip(one.seeds, arms, strict=True):
            p = probabilities(fitted)
            ece = calibration_error(p, fitted.dataset.test.y)
            rows.append((level, seed, float(p.max(dim=1).values.mean()), ece, margin(fitted), p.shape[1]))
    return pd.DataFrame(rows, columns=["level", "seed", "confidence", "ece", "margin", "classes"])


def _by_bin(one: Comparison) -> pd.DataFrame:
    """How often each level is right where it is so sure: a row for each level, seed and bin that holds at least five examples."""
    rows = []
    for level, arms in one.arms.items():
        for seed, fitted in zip(one.seeds, arms, strict=True):
            confidence, chosen = probabilities(fitted).max(dim=1)
            place = (confidence * BINS).long().clamp(max=BINS - 1)
            for b in range(BINS):
                inside = place == b
                if int(inside.sum()) >= 5:
                    right = float((chosen == fitted.dataset.test.y)[inside].double().mean())
                    rows.append((level, seed, (b + 0.5) / BINS, right))
    return pd.DataFrame(rows, columns=["level", "seed", "confidence", "accuracy"])


def _change(evidence: Evidence, key: str, column: str, what: Text) -> Measured:
    """A column at the usual ε − without smoothing, paired by seed."""
    table = evidence.tables[f"sure-{key}"]
    ours, theirs = (table.loc[table["level"] == _level(e), column].to_numpy(dtype=float) for e in (USUAL, 0.0))
    return Measured(paired(ours, theirs, higher_is_better=False).difference, what, "points")


def _margin(evidence: Evidence) -> Measured:
    """The margin at the usual ε over the one that theory foretells."""
    table = evidence.tables["sure-true"]
    table = table[table["level"] == _level(USUAL)]
    foretold = np.array([best_margin(int(k), USUAL) for k in table["classes"]])
    return mean_of(table["margin"].to_numpy(dtype=float) / foretold, _OF_MARGIN)


def _level(smoothing: float) -> str:
    return f"label_smoothing={smoothing}"


_E_IS, _E = Text("ε = {e}", "ε = {e}"), Text("{e}", "{e}")
NAMES = {_level(e): _E_IS.fill(e=f"{e:g}") for e in SMOOTHINGS}
_WRONG = Text(
    "Among wrong labels, smoothing with ε = {e} raises the test score.",
    "틀린 레이블이 섞여 있으면 ε = {e}인 스무딩이 테스트 점수를 높인다.",
)
_TRUE = Text(
    "With true labels too, smoothing with ε = {e} raises the test score.",
    "레이블이 모두 옳아도 ε = {e}인 스무딩이 테스트 점수를 높인다.",
)
_GAP = Text(
    "Smoothing narrows the gap between training and test score.",
    "스무딩은 훈련 점수와 테스트 점수의 격차를 줄인다.",
)
_LESS_SURE = Text("The network is less sure of its answers.", "신경망은 자기 답을 덜 확신한다.")
_CALIBRATED = Text(
    "Smoothing calibrates: with true labels, confidence lies closer to how often the network is right.",
    "스무딩은 확신을 바로잡는다: 레이블이 모두 옳을 때 확신이 실제로 맞히는 비율에 더 가깝다.",
)
_MARGIN = Text(
    "On the training set the right logit ends {near} % or less from the distance to the others that theory foretells.",
    "훈련 세트에서 정답 로짓과 나머지의 거리는 이론이 말하는 값에서 {near} % 안에 있다.",
)
_CONFIDENCE = Text("change of the mean confidence, same seeds", "평균 확신의 변화, 같은 시드끼리")
_ECE = Text("change of the calibration error (ECE), same seeds", "보정 오차(ECE)의 변화, 같은 시드끼리")
_OF_MARGIN = Text("margin measured / margin foretold", "잰 거리 / 이론의 거리")
_AS_IT_IS = Text(
    "As the labels are. {told} Calibration error in per cent: {ece}.", "레이블 그대로. {told} 보정 오차(%): {ece}."
)
_WITH_TRUE = Text(
    "With true labels. {told} Calibration error in per cent: {ece}.", "옳은 레이블에서. {told} 보정 오차(%): {ece}."
)
_TITLE = Text("Test score by smoothing: {scores}", "스무딩에 따른 테스트 점수: {scores}")
_CLEAN = Text("With true labels. {words}", "옳은 레이블에서. {words}")
_HONEST = Text("Calibration error (ECE) in per cent, true labels: {ece}", "보정 오차(ECE, %), 옳은 레이블: {ece}")
_PAIR = Text("{name}: {value}", "{name}: {value}")
_EPSILON = Text("smoothing ε", "스무딩 ε")
_SURE, _RIGHT = (
    Text("confidence: probability of the chosen class", "확신: 고른 클래스의 확률"),
    Text("share that is right", "맞힌 비율"),
)
_READ_HONEST = Text(
    "On the dashed line a network is right as often as it is sure; above it is too modest, below too sure. Bins with fewer than five "
    "examples, or of hardly any seed, are left out.",
    "점선 위에서는 확신하는 만큼 맞힌다. 점선보다 위면 지나치게 겸손하고 아래면 지나치게 확신한다. 예제가 다섯 개보다 "
    "적거나 몇몇 시드에만 있는 구간은 뺐다.",
)
_TRY_NOISE = Text("Twice the wrong labels", "틀린 레이블 두 배")
_TRY_DATA = Text("Other data", "다른 데이터")
_TRY_DEEPER = Text("Three hidden layers", "은닉층 세 개")
