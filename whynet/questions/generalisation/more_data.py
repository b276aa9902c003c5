"""How much does more data help?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, cast

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.data import load
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import curves
from whynet.figures.canvas import number
from whynet.figures.charts import remarks
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.setting import ADAM, NETWORK, count, network
from whynet.questions.numbers import difference, gap, mean_of, scores
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe
from whynet.registry import Range, canonical, register
from whynet.spec import Spec
from whynet.text import Text, join, plain

HALVINGS = 4  # from all examples down to a sixteenth
ROOT = 0.5, 0.1  # the exponent of 1/√n, and how near counts
NEAR = 4 / 3  # an error predicted within this factor counts as predicted
LARGER = 4  # times wider is the network that is to make up for a quarter of the data


@register(
    "question",
    name="more-data",
    place=50,
    year=2017,
    source="Hestness et al., Deep learning scaling is predictable, empirically",
    en="How much does more data help, and can one tell beforehand?",
    ko="데이터가 늘면 얼마나 나아지며, 그것을 미리 알 수 있는가?",
)
@dataclass(frozen=True)
class MoreData(Question):
    """The learning curve: training and test score for a sixteenth up to all of the examples, as many steps each."""

    data: str | Spec = "digits"
    model: Spec = NETWORK
    optimizer: Spec = ADAM
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Every example rules out some of the functions that fit all the others by luck. With few of them many wrong functions "
            "fit; with many, hardly any but those that hold for new examples too. So the gap closes from both sides: the training "
            "set becomes harder to learn by heart, and what is learned holds.",
            "예제 하나하나는 다른 예제에 우연히 맞은 함수를 걸러 낸다. 예제가 적으면 틀린 함수도 많이 살아남고, 많으면 새 예제에도 통하는 "
            "함수만 남는다. 그래서 격차(gap)는 양쪽에서 줄어든다. 훈련 세트는 외우기 어려워지고, 배운 것은 더 잘 통한다.",
        ),
        Text(
            "How fast? The error of an average of n independent examples falls as 1/√n, and measured learning curves are often "
            "straight lines on logarithmic axes, power laws, with an exponent that depends on the data. Then each doubling takes off the "
            "same share of the error, ever fewer points, and a few small trainings foretell a large one, until the curve bends at the "
            "error that no data can remove.",
            "얼마나 빠른가? 서로 독립인 예제 n개의 평균이 갖는 오차는 1/√n로 줄어든다. 실제로 잰 학습 곡선(learning curve)은 로그 축에서 "
            "직선, 곧 거듭제곱 법칙(power law)일 때가 많고 지수는 데이터마다 다르다. 그러면 데이터를 두 배로 할 때마다 오차의 같은 비율이 "
            "사라지고 점수로는 점점 적게 오르며, 작은 학습 몇 번으로 큰 학습을 내다볼 수 있다. 어떤 데이터로도 없앨 수 없는 오차에서 "
            "곡선이 꺾일 때까지는 그렇다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "error(n) = 1 − score ≈ a · n^−β + c,   one doubling: error(2n) / error(n) ≈ 2^−β,   1/√n: β = 1/2",
        "오차(n) = 1 − 점수 ≈ a · n^−β + c,   두 배로 늘릴 때: 오차(2n) / 오차(n) ≈ 2^−β,   1/√n: β = 1/2",
    )
    sources: ClassVar[Sequence[str]] = (
        "Cortes, Jackel, Solla, Vapnik and Denker, Learning curves: asymptotic values and rate of convergence (1994)",
        "Banko and Brill, Scaling to very very large corpora for natural language disambiguation (2001)",
        "Hestness et al., Deep learning scaling is predictable, empirically (2017)",
    )

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def base(self) -> Recipe:
        """The network with all of the data."""
        return network(self.data, self.model, self.optimizer, self.steps, self.quick)

    @property
    def widened(self) -> Recipe | None:
        """The network four times wider, where it is an mlp."""
        if self.model.name != "mlp":
            return None
        widths = cast(list[int], {"widths": [64, 64], **canonical("model", self.model).options}["widths"])
        return self.base.change(**{"model.widths": [LARGER * width for width in widths]}) if widths else None

    def measure(self, listen: Listen) -> Evidence:
        """The number of training examples as the factor; and a quarter of them with a wider network."""
        whole = load(cast(Spec, self.base.data), 0)
        least = whole.task.outputs if whole.task.kind == "classify" else 2
        sizes = {str(2**k): max(least, len(whole.train) // 2**k) for k in range(HALVINGS, -1, -1)}
        levels = [Level(key, self.base.change(**{"data.train": size})) for key, size in sizes.items()]
        if self.widened is not None:
            levels.append(Level("wide", self.widened.change(**{"data.train": sizes[str(LARGER)]})))
        one = compare_levels(
            levels, ["data.train", "model.widths"], count(self.seeds, self.quick, 10), baseline="1", listen=listen
        )
        return Evidence({"sizes": one}, {"sizes": pd.DataFrame([sizes]), "law": _law(one, sizes)})

    def claims(self) -> Sequence[Claim]:
        """Whether the last doubling helps, how the gap closes, by what law, and whether a larger network does as well."""
        less, more = Range(below=0), Range(above=0)
        low, high = ROOT[0] - ROOT[1], ROOT[0] + ROOT[1]
        near = Range(least=round(1 / NEAR, 3), most=round(NEAR, 3))
        claims = [
            Claim("helps", _HELPS, lambda e: difference(e.comparisons["sizes"], "1", "2"), more, saying=True),
            Claim(
                "gap", _GAP.fill(n=2**HALVINGS), lambda e: gaps.gap_change(e.comparisons["sizes"], "1", str(2**HALVINGS)), less
            ),
            Claim("diminishing", _LESS, lambda e: _last_less_first(e.comparisons["sizes"]), less),
            Claim(
                "root",
                _ROOT.fill(low=f"{low:g}", high=f"{high:g}"),
                lambda e: _of_law(e, "beta", _BETA),
                Range(least=low, most=high),
                saying=True,
            ),
            Claim("foretold", _FORETOLD, lambda e: _of_law(e, "foretold", _RATIO), near, saying=True),
        ]
        if self.widened is not None:
            beats = _BEATS.fill(n=LARGER)
            claims.append(
                Claim("beats-width", beats, lambda e: difference(e.comparisons["sizes"], "1", "wide"), more, saying=True)
            )
        return claims

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The score by number of examples, the law of the error, and what became of the sayings."""
        return join([_FOUND.fill(**self._found(evidence)), gaps.sayings(judged)])

    def _found(self, evidence: Evidence) -> dict[str, object]:
        law = evidence.tables["law"]
        return {
            "scores": gaps.listed(evidence.comparisons["sizes"], self._sizes(evidence)),
            "beta": number(float(law["beta"].mean()), 2), "share": f"{100 * (1 - 2 ** -float(law['beta'].mean())):.0f}",
            "ratio": number(float(law["foretold"].mean()), 2),
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The learning curve, the error on logarithmic axes, and every size against all of the data."""
        one, sizes, found = evidence.comparisons["sizes"], self._sizes(evidence), self._found(evidence)
        learning, law = _LEARNING.fill(**found), _POWER.fill(**found)
        names = {**sizes, **({"wide": _WIDE.fill(n=LARGER)} if self.widened is not None else {})}
        apart = gaps.against(one, names)
        counts = {key: int(evidence.tables["sizes"].iloc[0][key]) for key in sizes}

        def straight() -> Figure:
            at = np.log2(np.array(list(counts.values()), dtype=float))
            runs = {str(_ERROR): [(at, row) for row in np.stack([errors(one, key) for key in counts], axis=1)]}
            figure = curves(runs, title=law, x=_N, y=_ERROR_AXIS, log=True)
            return remarks.ticks(figure, {float(place): str(size) for place, size in zip(at, counts.values(), strict=True)})

        return [
            Drawn(
                learning,
                lambda: gaps.train_and_test(one, {k: plain(str(v)) for k, v in counts.items()}, learning, _N),
                gaps.READ_BOTH,
            ),
            Drawn(law, straight, _READ_LAW),
            Drawn(apart, lambda: forest(one, names, apart), gaps.READ_PAIRED),
        ]

    def _sizes(self, evidence: Evidence) -> dict[str, Text]:
        return {str(key): _EXAMPLES.fill(n=int(size)) for key, size in evidence.tables["sizes"].iloc[0].items()}

    def changes(self) -> Sequence[Change]:
        """Wrong labels, other data, more steps, values."""
        return [
            Change(_TRY_NOISE, "whynet ask more-data --data 'digits(label_noise=0.2)'"),
            Change(_TRY_MORE, "whynet ask more-data --data fashion_mnist --set steps=1000"),
            Change(_TRY_SMALL, "whynet ask more-data --model 'mlp(widths=[8])'"),
            Change(_TRY_VALUES, "whynet ask more-data --data diabetes"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def errors(one: Comparison, level: str) -> np.ndarray:
    """1 − test score, a value for each seed, never below half of one test example: a law has no logarithm of zero."""
    least = np.array([0.5 / len(arm.dataset.test) for arm in one.arms[level]])
    return np.maximum(1 - scores(one, level), least)


def _law(one: Comparison, sizes: dict[str, int]) -> pd.DataFrame:
    """For each seed: β of error = a n^−β by least squares on logarithms; and the error at all of the data, foretold by the law of
    the smaller sizes alone, over the measured one.
    """
    at = np.log(np.array(list(sizes.values()), dtype=float))
    rows = []
    for values in np.log(np.stack([errors(one, key) for key in sizes], axis=1)):  # (seeds, sizes)
        slope = np.polyfit(at, values, 1)[0] if np.ptp(at) else np.nan
        below = np.polyfit(at[:-1], values[:-1], 1) if np.ptp(at[:-1]) else np.full(2, np.nan)
        rows.append((-slope, np.exp(np.polyval(below, at[-1]) - values[-1])))
    return pd.DataFrame(rows, columns=["beta", "foretold"]).assign(seed=one.seeds)


def _of_law(evidence: Evidence, column: str, what: Text) -> Measured:
    return mean_of(evidence.tables["law"][column].to_numpy(dtype=float), what)


def _last_less_first(one: Comparison) -> Measured:
    """What the last doubling gains less what the first one gains, seed by seed."""
    first = scores(one, str(2 ** (HALVINGS - 1))) - scores(one, str(2**HALVINGS))
    return mean_of(scores(one, "1") - scores(one, "2") - first, _GAINS, gap(one))


_HELPS = Text(
    "The last doubling of the data still raises the test score.", "마지막으로 데이터를 두 배로 할 때에도 테스트 점수가 오른다."
)
_GAP = Text(
    "With all of the data the gap between training and test score is smaller than with a part in {n}.",
    "데이터를 모두 쓰면 훈련 점수와 테스트 점수의 격차가 {n}분의 1만 쓸 때보다 작다.",
)
_LESS = Text("The last doubling gains fewer points than the first.", "마지막 두 배가 처음 두 배보다 점수를 덜 올린다.")
_ROOT = Text(
    "The error falls about as 1/√n: its exponent lies between {low} and {high}.",
    "오차는 대략 1/√n로 줄어든다: 지수가 {low:과} {high} 사이에 있다.",
)
_FORETOLD = Text(
    "A power law through the smaller sizes foretells the error with all of the data within a third.",
    "작은 크기들로 맞춘 거듭제곱 법칙이 데이터를 모두 쓸 때의 오차를 3분의 1 안에서 맞힌다.",
)
_BEATS = Text(
    "{n} times the data beats a network {n} times wider.",
    "데이터 {n}배가 {n}배 넓은 신경망보다 낫다.",
)
_BETA = Text("exponent β of error = a · n^−β", "오차 = a · n^−β의 지수 β")
_RATIO = Text("error foretold / error measured", "내다본 오차 / 잰 오차")
_GAINS = Text("gain of the last doubling − gain of the first", "마지막 두 배의 이득 − 처음 두 배의 이득")
_FOUND = Text(
    "{scores}. The error falls as n^−{beta}: each doubling takes off about {share} % of it. The smaller sizes foretell "
    "{ratio} times the error measured with all of the data.",
    "{scores}. 오차는 n^−{beta:으로} 줄어든다. 두 배로 할 때마다 약 {share} %가 사라진다. 작은 크기들로 내다본 오차는 데이터를 모두 쓸 때 "
    "잰 오차의 {ratio}배다.",
)
_LEARNING = Text("Test score: {scores}", "테스트 점수: {scores}")
_POWER = Text("The error falls as n^−{beta}", "오차는 n^−{beta:으로} 줄어든다")
_EXAMPLES, _WIDE = Text("{n} examples", "예제 {n}개"), Text("a quarter, {n} times wider", "4분의 1, {n}배 넓게")
_N = Text("training examples n", "훈련 예제 수 n")
_ERROR, _ERROR_AXIS = Text("error", "오차"), Text("error: 1 − test score", "오차: 1 − 테스트 점수")
_READ_LAW = Text(
    "Both axes are logarithmic: a power law is a straight line, and its slope is the exponent.",
    "두 축 모두 로그 눈금이다. 거듭제곱 법칙은 직선이 되고 그 기울기가 지수다.",
)
_TRY_NOISE = Text(
    "One label in five wrong: does more data make up for it?", "레이블 다섯에 하나가 틀렸다: 데이터가 많으면 메워지는가?"
)
_TRY_MORE = Text("Forty times the data", "데이터 40배")
_TRY_SMALL = Text("A small network: where does the curve bend?", "작은 신경망: 곡선이 어디에서 꺾이는가?")
_TRY_VALUES = Text("Values to predict instead of classes", "클래스 대신 값을 예측한다")
