"""Many networks as one: different initial weights, bootstrap samples (bagging), or each on what the others got wrong (boosting).

    ensemble(recipe("digits", "mlp", epochs=5), method="bagging", members=10).verdict

    ‖ p̄ − y ‖² = 1/M Σ_m ‖ p_m − y ‖² − 1/M Σ_m ‖ p_m − p̄ ‖²        error = mean error − disagreement

All members are judged on one test set, which none of them learned from, and the first m of an ensemble are the ensemble of m
under the same seed. Breiman, Bagging predictors (1996); Freund and Schapire (1997); Krogh and Vedelsby (1995); different initial
weights alone: Lakshminarayanan, Pritzel and Blundell, Simple and scalable predictive uncertainty estimation (2017).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor

from whynet.data.dataset import Dataset
from whynet.engine.arm import Arm, load_data, prepare
from whynet.engine.device import use_device
from whynet.engine.fit import Fitted
from whynet.engine.history import SplitName
from whynet.engine.metrics import metric
from whynet.engine.plan import Workers
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.errors import RecipeError, TrainingError
from whynet.experiment.asked import Means
from whynet.experiment.boosting import boosted
from whynet.experiment.compare import BOUNDS, number
from whynet.experiment.progress import Meter, Progress
from whynet.experiment.resampling import bootstrap
from whynet.experiment.statistics import Interval, interval
from whynet.experiment.statistics.jackknife import jackknife
from whynet.experiment.training import train_arms
from whynet.experiment.voting import as_outputs, probabilities, voted
from whynet.recipe import Given, Recipe, with_seed
from whynet.registry import Range, check
from whynet.rng import derive
from whynet.task import Task
from whynet.text import Text

Method = Literal["bagging", "boosting", "seeds"]
Members = Annotated[int, Range(least=2, most=1000)]

METHODS: dict[Method, Text] = {
    "bagging": Text("bagging: a bootstrap sample for each", "배깅(bagging): 저마다 다른 부트스트랩 표본"),
    "boosting": Text("boosting: each learns what the others got wrong", "부스팅(boosting): 앞의 것들이 틀린 예제를 배운다"),
    "seeds": Text("different initial weights", "처음 가중치만 다르게"),
}


@dataclass(frozen=True)
class Ensemble:
    """Trained networks that answer together. Scores are the task's metric; higher is better."""

    recipe: Recipe
    method: Method
    members: tuple[Fitted, ...]
    votes: tuple[float, ...]  # what each member's answer weighs, together 1
    dataset: Dataset  # as the recipe splits it, before anything was drawn from its training set
    notes: tuple[Text, ...] = ()
    seconds: float = 0.0
    _parts: dict[SplitName, _Answers] = field(default_factory=dict, repr=False, compare=False)

    @property
    def task(self) -> Task:
        """What the members were trained for."""
        return self.dataset.task

    @property
    def metric(self) -> str:
        """The name of the number they are judged by."""
        return self.task.metric

    def predict(self, x: Tensor) -> Tensor:
        """Answers for inputs (N, *task.inputs), scaled as the data set scales them: classes (N,), values (N, n), masks (N, H, W)."""
        return _answers(self, x).steps[-1]

    def score(self, split: SplitName = "test") -> float:
        """The metric of all members together on a split."""
        return self._metric(self._on(split).steps[-1], split)

    @cached_property
    def scores(self) -> list[float]:
        """Each member's own score on the test set; NaN where its training diverged."""
        return [
            self._metric(one, "test") if _sound(m) else math.nan
            for one, m in zip(self._on("test").alone, self.members, strict=True)
        ]

    @cached_property
    def average(self) -> Interval:
        """The mean score of a member, and its interval over members: other draws of weights and samples, the same test set."""
        return interval([score for score in self.scores if not math.isnan(score)], bounds=BOUNDS.get(self.metric))

    @cached_property
    def interval(self) -> Interval:
        """The score of all together on the test set, and its interval over other test examples (`jackknife`)."""
        found, (least, most) = self._resampled(lambda together, alone: together), BOUNDS.get(self.metric, (None, None))
        low = found.low if least is None else max(found.low, least)
        return Interval(found.mean, low, found.high if most is None else min(found.high, most), found.n)

    @cached_property
    def gain(self) -> Interval:
        """What all together score beyond the average member, and its interval over other test examples (`jackknife`)."""
        return self._resampled(lambda together, alone: together - float(np.mean(alone)))

    @cached_property
    def growth(self) -> list[float]:
        """The test score of the first m members together, m = 1, 2, …; NaN while none of them has a vote."""
        return [
            self._metric(step, "test") if sum(self.votes[: m + 1]) > 0 else math.nan
            for m, step in enumerate(self._on("test").steps)
        ]

    @cached_property
    def verdict(self) -> Text:
        """What the ensemble is worth, in a sentence."""
        gain = self.gain
        words = _UNSHOWN if not gain.known or gain.low <= 0 <= gain.high else _BETTER if gain.mean > 0 else _WORSE
        values = {"n": len(self.members), "score": self.score(), "average": self.average.mean}
        return words.fill(metric=self.metric, gain=gain.mean, low=gain.low, high=gain.high, **values)

    def to_dict(self) -> dict[str, Any]:
        """The ensemble as plain data: recipe, votes, scores and intervals."""
        parts = {name: getattr(self, name) for name in ("interval", "average", "gain")}
        return {
            "recipe": self.recipe.written(), "method": self.method, "metric": self.metric, "chance": number(self.task.chance),
            "score": number(self.score()), "members": [number(s) for s in self.scores], "votes": list(self.votes),
            "growth": [number(s) for s in self.growth], "seconds": self.seconds,
            **{name: {"mean": number(p.mean), "low": number(p.low), "high": number(p.high)} for name, p in parts.items()},
            "verdict": self.verdict.both, "notes": [note.both for note in self.notes],
        }  # fmt: skip

    def _metric(self, answer: Tensor, split: SplitName, index: Tensor | None = None) -> float:
        y = getattr(self.dataset, split).y
        return metric(answer, y, self.task) if index is None else metric(answer[index], y[index], self.task)

    def _on(self, split: SplitName) -> _Answers:
        if split not in self._parts:
            self._parts[split] = _answers(self, getattr(self.dataset, split).x)
        return self._parts[split]

    def _resampled(self, value: Callable[[float, list[float]], float]) -> Interval:
        """A number made of the scores together and alone, with what of it other test examples would move."""
        answers = self._on("test")
        alone = [one for one, m in zip(answers.alone, self.members, strict=True) if _sound(m)]

        def counted(places: np.ndarray) -> float:
            index = torch.from_numpy(places)
            return value(self._metric(answers.steps[-1], "test", index), [self._metric(one, "test", index) for one in alone])

        return jackknife(counted, len(self.dataset.test))


@dataclass(frozen=True)
class _Answers:
    """What the members answer: each alone, and the first m together for m = 1, 2, …"""

    alone: list[Tensor]
    steps: list[Tensor]


def _answers(ensemble: Ensemble, x: Tensor) -> _Answers:
    loss, task, votes = ensemble.members[0].loss, ensemble.task, ensemble.votes
    alone: list[Tensor] = []
    steps: list[Tensor] = []
    total: Tensor | None = None
    for m, (member, vote) in enumerate(zip(ensemble.members, votes, strict=True)):
        said = probabilities(member, x)
        alone.append(loss.decide(as_outputs(said, loss), task))
        if ensemble.method == "boosting":
            steps.append(voted(alone, votes[: m + 1], task.outputs))
            continue
        if vote:  # what a diverged one says is no number, and would stay none times nothing
            total = vote * said if total is None else total + vote * said
        mean = said if total is None else total / sum(votes[: m + 1])
        steps.append(loss.decide(as_outputs(mean, loss), task))
    return _Answers(alone, steps)


def ensemble(
    recipe: Recipe,
    method: Method = "bagging",
    members: int = 10,
    *,
    listen: Callable[[Progress], None] | None = None,
    workers: Workers = "auto",
    tier: Tier = "auto",
    device: str = "auto",
) -> Ensemble:
    """Train ``members`` networks of one recipe that differ as ``method`` says, stacked or spread as a comparison's arms are.

    ``"seeds"``: initial weights and order of the examples. ``"bagging"``: these and a bootstrap sample of the training set.
    ``"boosting"``: SAMME by weighted resampling, one after another; classes only. ``recipe.seed`` decides the split and all draws.
    Raises `OptionError` for a method or number that is none, `RecipeError` where the answers cannot be put together,
    `TrainingError` where no member has a vote.
    """
    method, members = check("method", Method, method), check("members", Members, members)
    started = time.monotonic()
    dataset = load_data(recipe)
    kind, only = dataset.task.kind, {"boosting": ("classify",)}.get(method, ("classify", "regress", "segment"))
    if kind not in only:
        raise RecipeError(_NOT_TOGETHER, method=method, task=dataset.task.words)
    seeds = [derive(recipe.seed, "sample", "member", m) >> 32 for m in range(members)]
    means = Means(workers=workers, tier=tier)
    notes: list[Text] = []

    def train(arms: list[Arm], phase: Text) -> list[Fitted]:
        meter = Meter(arms, phase, listen)
        fitted, _ = train_arms(method, arms, Watching(evaluations=1), meter, means)
        notes.extend(note for note in meter.notes if note not in notes)
        return fitted

    with use_device(device):
        if method == "boosting":
            pairs = boosted(recipe, [dataset], [seeds], train)[0]
            made, votes = [member for member, _ in pairs], [vote for _, vote in pairs]
            weak = sum(vote <= 0 for vote in votes)
            if weak:
                notes.append(_WEAK.fill(weak=weak, n=members))
        else:
            sets = [bootstrap(dataset, seed) if method == "bagging" else dataset for seed in seeds]
            given = [Given(one, f"{method} {m + 1}") for m, one in enumerate(sets)]
            arms = [prepare(with_seed(recipe.change(data=data), seed), method) for data, seed in zip(given, seeds, strict=True)]
            made = train(arms, _TRAINING.fill(n=members))
            votes = [float(_sound(member)) for member in made]
    if not sum(votes) > 0:
        raise TrainingError(_NO_VOTE if method == "boosting" else _ALL_DIVERGED, n=members)
    shares = tuple(vote / sum(votes) for vote in votes)
    return Ensemble(recipe, method, tuple(made), shares, dataset, tuple(notes), time.monotonic() - started)


def _sound(member: Fitted) -> bool:
    return member.outcome.status != "diverged"


_TRAINING = Text("training {n} networks", "네트워크 {n}개를 학습하는 중")
_BETTER = Text(
    "{n} networks together: {metric} {score:.3f}. One alone: {average:.3f} on average. Gain: {gain:+.3f} [{low:.3f}, {high:.3f}].",
    "네트워크 {n}개가 함께: {metric} {score:.3f}. 하나일 때: 평균 {average:.3f}. 이득: {gain:+.3f} [{low:.3f}, {high:.3f}].",
)
_WORSE = Text(
    "{n} networks together: {metric} {score:.3f}. One alone is better: {average:.3f} on average. "
    "Loss: {gain:+.3f} [{low:.3f}, {high:.3f}].",
    "네트워크 {n}개가 함께: {metric} {score:.3f}. 하나일 때가 낫다: 평균 {average:.3f}. 손해: {gain:+.3f} [{low:.3f}, {high:.3f}].",
)
_UNSHOWN = Text(
    "{n} networks together: {metric} {score:.3f}. One alone: {average:.3f} on average. "
    "No gain was shown on so few test examples: {gain:+.3f} [{low:.3f}, {high:.3f}].",
    "네트워크 {n}개가 함께: {metric} {score:.3f}. 하나일 때: 평균 {average:.3f}. "
    "이만한 테스트 예제로는 나아졌다고 할 수 없다: {gain:+.3f} [{low:.3f}, {high:.3f}].",
)
_NOT_TOGETHER = Text(
    "{method} cannot put the answers to {task} together. Boosting votes on classes; bagging and seeds average classes, values and masks. "
    "Use data of such a kind, or another method.",
    "{method:은} {task}의 답을 합칠 수 없다. boosting은 클래스에 투표하고, bagging과 seeds는 클래스와 값과 마스크(mask)를 평균한다. "
    "그런 데이터나 다른 방법을 쓴다.",
)
_WEAK = Text(
    "{weak} of {n} networks were no better than chance on the examples they were weighed by, and have no vote.",
    "네트워크 {n}개 가운데 {weak}개는 가중된 예제에서 우연보다 낫지 않아 표가 없다.",
)
_NO_VOTE = Text(
    "None of the {n} boosted networks is better than chance, so none has a vote. Train longer (epochs), or boost a stronger model.",
    "부스팅한 네트워크 {n}개가 모두 우연보다 낫지 않아 표를 가진 것이 없다. 더 오래 학습하거나(epochs) 더 강한 모델을 쓴다.",
)
_ALL_DIVERGED = Text(
    "All {n} networks diverged, so there is nothing to average. Lower the learning rate, such as optimizer.lr=0.001.",
    "네트워크 {n}개가 모두 발산해서 평균 낼 것이 없다. optimizer.lr=0.001처럼 학습률을 낮춘다.",
)
