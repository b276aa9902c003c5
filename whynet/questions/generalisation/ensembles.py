"""Why are many networks together better than one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, cast

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from whynet.data import load
from whynet.engine.arm import Arm
from whynet.engine.fit import Fitted
from whynet.engine.train import Watching
from whynet.errors import OptionError
from whynet.experiment.asked import Means
from whynet.experiment.boosting import boosted
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.progress import Meter
from whynet.experiment.resampling import bootstrap, made
from whynet.experiment.statistics import interval, paired
from whynet.experiment.training import train_arms
from whynet.experiment.voting import probabilities, voted
from whynet.figures import Level as Shown
from whynet.figures import curves, trial
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.setting import ADAM, DATA, NETWORK, count, network
from whynet.questions.numbers import METRICS, leaders
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

WEAK = Spec("mlp", {"widths": [4]})  # a network that is better than chance, and not much more
DISTINCT = 1 - 1 / np.e  # of the examples in a bootstrap sample
NEAR = 0.02


@register(
    "question",
    name="ensembles",
    place=80,
    year=1996,
    source="Breiman, Bagging predictors; Freund and Schapire (1997)",
    en="Why are many networks together better than one, and how should they differ?",
    ko="신경망 여럿을 합치면 왜 하나보다 나으며, 서로 어떻게 달라야 하는가?",
)
@dataclass(frozen=True)
class Ensembles(Question):
    """Means of networks from different initial weights and from bootstrap samples (bagging); weak networks bagged and boosted (SAMME).

    ``weak``: the model that is boosted. Raises `OptionError` for data that are no classes.
    """

    data: str | Spec = DATA
    model: Spec = NETWORK
    weak: Spec = WEAK
    members: Annotated[int, Range(least=2, most=50)] | None = None
    optimizer: Spec = ADAM
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Networks that learned the same thing agree where they are right, and go astray each in its own way. In their mean the "
            "agreement stays and the straying partly cancels: the mean is better than the members on average by exactly as much as they "
            "differ. They differ by their initial weights already; bagging makes them differ more by giving each a bootstrap sample "
            "of the examples, drawn with replacement, at the price that each sees only 63 % of them.",
            "같은 것을 배운 신경망들은 맞는 곳에서는 일치하고 틀리는 방식은 저마다 다르다. 평균을 내면 일치하는 것은 남고 어긋난 것은 "
            "일부 지워진다. 평균은 서로 다른 만큼 정확히 구성원의 평균보다 낫다. 처음 가중치만 달라도 서로 다르다. 배깅(bagging)은 "
            "저마다 복원 추출한 부트스트랩(bootstrap) 표본을 주어 더 다르게 만든다. 대가로 각자는 예제의 63 %만 본다.",
        ),
        Text(
            "Boosting makes them differ on purpose: each next network gets the examples that those before got wrong, and the better "
            "ones have the louder vote. So it can lift networks that are too weak, which averaging cannot: a mean of equally biased "
            "networks has their bias. But an example whose label is wrong is got wrong by every honest network, and boosting insists "
            "on it most.",
            "부스팅(boosting)은 일부러 다르게 만든다. 다음 신경망은 앞의 것들이 틀린 예제를 더 많이 받고, 더 잘 맞힌 것이 더 큰 표를 "
            "갖는다. 그래서 너무 약한 신경망도 끌어올릴 수 있다. 평균은 그러지 못한다. 똑같이 치우친 신경망의 평균은 똑같이 치우쳐 있다. "
            "그러나 레이블이 틀린 예제는 올바른 신경망이라면 모두 틀리므로 부스팅이 가장 매달리는 예제가 된다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "‖ p̄ − y ‖² = 1/M Σ_m ‖ p_m − y ‖² − 1/M Σ_m ‖ p_m − p̄ ‖²      error = mean error − disagreement\n"
        "bootstrap: an example is left out with probability (1 − 1/n)ⁿ → 1/e ≈ 0.368\n"
        "SAMME:  α_m = ln((1 − e_m)/e_m) + ln(K − 1),   weight_i ← weight_i · exp(α_m [m wrong on i])\n"
        "        answer = argmax_k Σ_m α_m [m says k]",
        "‖ p̄ − y ‖² = 1/M Σ_m ‖ p_m − y ‖² − 1/M Σ_m ‖ p_m − p̄ ‖²      오차 = 평균 오차 − 서로 다른 정도\n"
        "부트스트랩: 예제 하나가 빠질 확률은 (1 − 1/n)ⁿ → 1/e ≈ 0.368\n"
        "SAMME:  α_m = ln((1 − e_m)/e_m) + ln(K − 1),   가중치_i ← 가중치_i · exp(α_m [m이 i에서 틀림])\n"
        "        답 = argmax_k Σ_m α_m [m의 답이 k]",
    )
    sources: ClassVar[Sequence[str]] = (
        "Efron, Bootstrap methods: another look at the jackknife (1979)",
        "Krogh and Vedelsby, Neural network ensembles, cross validation, and active learning (1995)",
        "Breiman, Bagging predictors (1996)",
        "Freund and Schapire, A decision-theoretic generalization of on-line learning and an application to boosting (1997)",
        "Zhu, Zou, Rosset and Hastie, Multi-class AdaBoost (2009)",
    )

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def size(self) -> int:
        """Networks in an ensemble."""
        return self.members or (6 if self.quick else 10)

    @cached_property
    def base(self) -> Recipe:
        """One network; which data and initial weights it has, its place in the ensemble decides."""
        return network(self.data, self.model, self.optimizer, self.steps, self.quick)

    def measure(self, listen: Listen) -> Evidence:
        """Ensembles by how their members differ: every network of every ensemble is a seed; then boosting, round by round."""
        data, repeats, size = cast(Spec, self.base.data), count(self.seeds, self.quick), self.size
        if load(data, 0).task.kind != "classify":
            raise OptionError(_NOT_CLASSES, received=str(data))
        weak = self.base.change(model=self.weak)
        same = made("the same examples", lambda seed: load(data, seed // size))
        drawn = made("bootstrap samples", lambda seed: bootstrap(load(data, seed // size), seed))
        levels = [
            Level("same", self.base.change(data=same)), Level("bagged", self.base.change(data=drawn)),
            Level("weak-bagged", weak.change(data=drawn)),
        ]  # fmt: skip
        one = compare_levels(levels, ["data", "model"], range(repeats * size), listen=listen)
        groups = {key: [arms[i * size : (i + 1) * size] for i in range(repeats)] for key, arms in one.arms.items()}
        rows = [
            (key, repeat, m + 1, share(votes.argmax(1), members[0]), share(answers[m].argmax(1), members[0]))
            for key, ensembles in groups.items()
            for repeat, members in enumerate(ensembles)
            for answers in [[probabilities(member, member.dataset.test.x) for member in members]]
            for m in range(size)
            for votes in [torch.stack(answers[: m + 1]).mean(0)]
        ]
        rows += boosted_rows(weak, data, repeats, size, listen)
        columns = ["way", "seed", "networks", "together", "alone"]
        return Evidence(
            {"networks": one}, {"ensembles": pd.DataFrame(rows, columns=columns), "distinct": _distinct(data, repeats)}
        )

    def claims(self) -> Sequence[Claim]:
        """What averaging, bagging and boosting are worth, and how a bootstrap sample looks."""
        more, less = Range(above=0), Range(below=0)
        fill = {"n": self.size}
        return [
            Claim(
                "together",
                _TOGETHER.fill(**fill),
                lambda e: _apart(e, ("same", "together"), ("same", "alone")),
                more,
                saying=True,
            ),
            Claim("distinct", _DISTINCT, _of_distinct, Range(least=round(DISTINCT - NEAR, 3), most=round(DISTINCT + NEAR, 3))),
            Claim("bagged-alone", _ALONE, lambda e: _apart(e, ("bagged", "alone"), ("same", "alone")), less),
            Claim(
                "bagging-better",
                _BAGGING.fill(**fill),
                lambda e: _apart(e, ("bagged", "together"), ("same", "together")),
                more,
                saying=True,
            ),
            Claim(
                "boosting",
                _BOOSTING.fill(**fill),
                lambda e: _apart(e, ("boosted", "together"), ("weak-bagged", "alone")),
                more,
                saying=True,
            ),
            Claim(
                "boosting-better",
                _BEYOND.fill(**fill),
                lambda e: _apart(e, ("boosted", "together"), ("weak-bagged", "together")),
                more,
                saying=True,
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Each way's score alone and together, the best, and what became of the sayings."""
        parts = [
            _WAY.fill(name=name, alone=_score(evidence, key, "alone").alone, together=_score(evidence, key, "together").alone)
            for key, name in WAYS.items()
        ]
        best = leaders({key: _values(evidence, key, "together") for key in WAYS})
        words = _FOUND.fill(n=self.size, ways=join(parts, ", "), best=join([WAYS[key] for key in best], ", "))
        return join([words, *([gaps.TIED] if len(best) > 1 else []), gaps.sayings(judged)])

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The score by how many networks are together, and each way against a single network."""
        table = evidence.tables["ensembles"]
        rising = _RISING.fill(
            n=self.size,
            scores=join(
                [_PAIR.fill(name=name, value=_score(evidence, key, "together").alone) for key, name in WAYS.items()], ", "
            ),
        )
        gains = {key: paired(_values(evidence, key, "together"), _values(evidence, "same", "alone")) for key in WAYS}
        style = Measured(gains["same"].difference, _DIFFERENCE, "points")
        against = _AGAINST.fill(
            parts=join(
                [
                    _PAIR.fill(name=WAYS[key], value=Measured(one.difference, _DIFFERENCE, style.style).alone)
                    for key, one in gains.items()
                ],
                ", ",
            )
        )

        def rise() -> Figure:
            runs = {
                str(name): [(part["networks"], part["together"]) for _, part in table[table["way"] == key].groupby("seed")]
                for key, name in WAYS.items()
            }
            return curves(runs, title=rising, y=METRICS["accuracy"], x=_NETWORKS)

        def forest() -> Figure:
            alone = _values(evidence, "same", "alone")
            shown = [Shown(_SINGLE, list(alone), float(alone.mean()), _ends(interval(alone)), baseline=True)]
            for key, pair in gains.items():
                values = _values(evidence, key, "together")
                shown.append(
                    Shown(
                        WAYS[key],
                        list(values),
                        float(values.mean()),
                        _ends(interval(values)),
                        pair.difference.mean,
                        _ends(pair.difference),
                    )
                )
            return trial(shown, title=against, metric=METRICS["accuracy"], chance=evidence.comparisons["networks"].chance)

        return [Drawn(rising, rise, _READ_RISING), Drawn(against, forest, _READ_AGAINST)]

    def changes(self) -> Sequence[Change]:
        """True labels, more members, stronger weak networks, other data."""
        return [
            Change(_TRY_CLEAN, "whynet ask ensembles --data 'digits(train=200)'"),
            Change(_TRY_MORE, "whynet ask ensembles --set members=30"),
            Change(_TRY_WEAK, "whynet ask ensembles --set 'weak=softmax_regression'"),
            Change(_TRY_DATA, "whynet ask ensembles --data moons --model 'mlp(widths=[32])'"),
        ]


# --- the ensembles ---------------------------------------------------------------------------------------------------


def share(answers: Tensor, member: Fitted) -> float:
    """Share of right answers on the test set."""
    return float((answers == member.dataset.test.y).double().mean())


def boosted_rows(
    weak: Recipe, data: Spec, repeats: int, rounds: int, listen: Listen
) -> list[tuple[str, int, int, float, float]]:
    """The boosted ensembles of all repeats, as the table wants them; initial weights of its own for every network."""

    def train(arms: list[Arm], phase: Text) -> list[Fitted]:
        return train_arms("boosted", arms, Watching(evaluations=1), Meter(arms, phase, listen), Means())[0]

    sets = [load(data, repeat) for repeat in range(repeats)]
    seeds = [range(repeat * rounds, (repeat + 1) * rounds) for repeat in range(repeats)]
    rows = []
    for repeat, pairs in enumerate(boosted(weak, sets, seeds, train)):
        answers, votes = [one.predict(sets[repeat].test.x) for one, _ in pairs], [vote for _, vote in pairs]
        for m, (one, _) in enumerate(pairs):
            together = voted(answers[: m + 1], votes[: m + 1], sets[repeat].task.outputs)
            rows.append(("boosted", repeat, m + 1, share(together, one), share(answers[m], one)))
    return rows


# --- numbers ---------------------------------------------------------------------------------------------------------


def _values(evidence: Evidence, way: str, of: str) -> np.ndarray:
    """A value for each repeat: all networks together, or the mean of each alone."""
    table = evidence.tables["ensembles"]
    groups = table[table["way"] == way].groupby("seed")[of]
    return (groups.last() if of == "together" else groups.mean()).to_numpy(dtype=float)


def _score(evidence: Evidence, way: str, of: str) -> Measured:
    return Measured(interval(_values(evidence, way, of)), METRICS["accuracy"], "percent")


def _apart(evidence: Evidence, ours: tuple[str, str], theirs: tuple[str, str]) -> Measured:
    return Measured(paired(_values(evidence, *ours), _values(evidence, *theirs)).difference, _DIFFERENCE, "points")


def _distinct(data: Spec, repeats: int) -> pd.DataFrame:
    """The share of different examples in bootstrap samples, for each repeat the mean of a hundred."""
    shares = []
    for repeat in range(repeats):
        dataset = load(data, repeat)
        samples = [bootstrap(dataset, 100 * repeat + i).train.index for i in range(100)]
        shares.append(np.mean([len(index.unique()) / len(index) for index in samples]))
    return pd.DataFrame({"seed": range(repeats), "share": shares})


def _of_distinct(evidence: Evidence) -> Measured:
    return Measured(interval(evidence.tables["distinct"]["share"].to_numpy(dtype=float)), _SHARE, "percent")


def _ends(one: object) -> tuple[float, float] | None:
    low, high = one.low, one.high  # type: ignore[attr-defined]
    return (low, high) if np.isfinite(low) and np.isfinite(high) else None


WAYS = {
    "same": Text("different initial weights", "처음 가중치만 다르게"),
    "bagged": Text("bagging", "배깅(bagging)"),
    "weak-bagged": Text("weak networks, bagged", "약한 신경망의 배깅"),
    "boosted": Text("weak networks, boosted", "약한 신경망의 부스팅"),
}
_TOGETHER = Text(
    "{n} networks that differ in their initial weights alone are better together than each by itself.",
    "처음 가중치만 다른 신경망 {n}개는 함께일 때가 하나일 때보다 낫다.",
)
_DISTINCT = Text("A bootstrap sample holds about 63 % of the examples.", "부트스트랩 표본에는 예제의 약 63 %가 들어 있다.")
_ALONE = Text(
    "A network trained on a bootstrap sample is worse than one trained on all examples.",
    "부트스트랩 표본으로 학습한 신경망 하나는 모든 예제로 학습한 것보다 못하다.",
)
_BAGGING = Text(
    "{n} bagged networks are better together than {n} that all saw the same examples.",
    "배깅한 신경망 {n}개는 모두 같은 예제를 본 {n}개보다 낫다.",
)
_BOOSTING = Text(
    "Boosting makes a strong network of weak ones: {n} together are better than one.",
    "부스팅은 약한 신경망으로 강한 것을 만든다: {n}개를 합치면 하나보다 낫다.",
)
_BEYOND = Text(
    "For weak networks boosting is worth more than bagging.",
    "약한 신경망에는 배깅보다 부스팅이 낫다.",
)
_DIFFERENCE = Text("difference in test accuracy, same seeds", "테스트 정확도의 차이, 같은 시드끼리")
_SHARE = Text("share of different examples in a sample", "표본에 든 서로 다른 예제의 비율")
_WAY = Text("{name}: alone {alone}, together {together}", "{name}: 하나일 때 {alone}, 함께 {together}")
_FOUND = Text(
    "{n} networks. {ways}. Best together: {best}.",
    "신경망 {n}개. {ways}. 함께일 때 가장 좋은 것: {best}.",
)
_RISING = Text("Test accuracy of {n} networks together: {scores}", "신경망 {n}개를 합친 테스트 정확도: {scores}")
_AGAINST = Text("Against a single network: {parts}", "신경망 하나와 견주면: {parts}")
_PAIR = Text("{name}: {value}", "{name}: {value}")
_SINGLE = Text("a single network", "신경망 하나")
_NETWORKS = Text("networks together", "합친 신경망의 수")
_READ_RISING = Text(
    "The mean answer of so many networks, or for boosting their weighted vote. Where a line is flat, more of them change nothing.",
    "그만큼의 신경망이 낸 답의 평균, 부스팅은 가중 투표다. 선이 평평하면 더 늘려도 달라지지 않는다.",
)
_READ_AGAINST = Text(
    "All networks together, against the mean of those trained on all examples, each alone; the same test sets.",
    "모두 합친 것을, 모든 예제로 학습한 신경망 하나하나의 평균과 견준 것이다. 테스트 세트는 같다.",
)
_TRY_CLEAN = Text("True labels: does boosting like them better?", "옳은 레이블: 부스팅이 더 나아지는가?")
_TRY_MORE = Text("Thirty networks: does it go on rising?", "신경망 30개: 계속 오르는가?")
_TRY_WEAK = Text("A linear model as the weak one", "약한 신경망으로 선형 모델")
_TRY_DATA = Text("Other data", "다른 데이터")
_NOT_CLASSES = Text(
    "ensembles lets networks vote on classes. Expected data with class labels, such as digits. Received: {received}",
    "ensembles는 신경망이 클래스에 투표하게 한다. digits처럼 클래스 레이블이 있는 데이터여야 한다. 받은 것: {received}",
)
