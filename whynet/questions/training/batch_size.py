"""How many examples should a step look at?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch.nn import functional as F

from whynet.engine.arm import prepare
from whynet.engine.train import Watching
from whynet.experiment import tuning
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import path_2d
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import METRICS, difference, leaders, mean_of, score, scores
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.questions.training.batches import Place, detour, slope, straying
from whynet.questions.training.rates import RATE, rate_ticks
from whynet.recipe import Recipe, recipe, with_seed
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join, plain

NETWORK, DESCENT = Spec("mlp", {"widths": [64]}), Spec("sgd")
WALKER = recipe(
    "moons", "logistic_regression(bias=False)", optimizer="sgd(lr=1.0)", steps=60
)  # two weights, so it can be drawn
WALKS: Mapping[str, Any] = {"1": 1, "16": 16, "all": "all"}
DRAWN = (2, 8, 32, 128)  # batch sizes whose gradients are compared with that of all examples
RATES = (*tuning.RATES, 10.0)  # 0.0001 … 10: descent by all examples at once bears large ones
ALL, LONG = "all", "all, as many steps"


@register(
    "question",
    name="batch-size",
    place=20,
    year=1951,
    source="Robbins and Monro (1951); Bottou and Bousquet (2008)",
    en="One example, a few or all of them in a step: what does the batch size change?",
    ko="한 스텝(step)에 예제 하나, 몇 개, 아니면 전부: 배치 크기(batch size)는 무엇을 바꾸는가?",
)
@dataclass(frozen=True)
class BatchSize(Question):
    """Noise, cost and path of a step by batch size, and the score after as many epochs, and after as many steps."""

    data: str | Spec = "digits"
    model: Spec = NETWORK
    optimizer: Spec = DESCENT
    sizes: Sequence[Annotated[int, Range(least=1)]] = (1, 8, 64)  # beside all examples at once
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "The gradient over all examples (batch gradient descent, GD) is exact and dear; that of one example (stochastic gradient "
            "descent, SGD) is cheap and points only roughly the right way; a mini-batch lies between. A mean of B examples strays "
            "1/√B as far: a batch a hundred times as large is only ten times as exact. So the same examples, spent on many rough "
            "steps, usually lead further than spent on a few exact ones.",
            "모든 예제의 기울기(gradient)를 쓰는 배치 경사 하강법(GD)은 정확하지만 비싸다. 예제 하나의 기울기를 쓰는 확률적 경사 "
            "하강법(SGD)은 싸지만 방향이 대강만 맞다. 미니배치(mini-batch)는 그 사이에 있다. 예제 B개의 평균은 흔들림이 1/√B배다. "
            "배치를 100배로 키워도 10배 정확해질 뿐이다. 그래서 같은 수의 예제라면 정확한 걸음 몇 번보다 거친 걸음 여러 번이 대개 더 멀리 "
            "간다.",
        ),
        Text(
            "Machines favour large batches, for one matrix product over 64 examples takes far less time than 64 products over one. "
            "And noise sets a limit to the learning rate, so that every batch size has a rate of its own: a fair comparison looks "
            "for each. It is also said that noise helps to find solutions that do better on new data.",
            "기계는 큰 배치를 좋아한다. 예제 64개를 한 번에 곱하는 것이 하나씩 64번 곱하는 것보다 훨씬 빠르기 때문이다. 또 흔들림은 "
            "학습률(learning rate)에 한계를 준다. 배치 크기마다 알맞은 학습률이 다르므로, 공정하게 비교하려면 저마다 찾아야 한다. 흔들림이 "
            "새 데이터에서 더 나은 해를 찾게 해 준다는 말도 있다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "g_B = (1/B) Σ_i ∂L_i/∂w   (i ∈ batch),   E g_B = g\n"
        "√E‖g_B − g‖² = √(tr Σ) / √B,   Σ = Cov(∂L_i/∂w)\n"
        "steps in an epoch = ⌈n / B⌉:   SGD n,   GD 1",
        "g_B = (1/B) Σ_i ∂L_i/∂w   (i ∈ 배치),   E g_B = g\n"
        "√E‖g_B − g‖² = √(tr Σ) / √B,   Σ = Cov(∂L_i/∂w)\n"
        "한 에포크의 걸음 수 = ⌈n / B⌉:   SGD n,   GD 1",
    )
    sources: ClassVar[Sequence[str]] = (
        "Robbins and Monro, A stochastic approximation method (1951)",
        "Bottou and Bousquet, The tradeoffs of large scale learning (2008)",
        "Keskar, Mudigere, Nocedal, Smelyanskiy and Tang, On large-batch training for deep learning (2017)",
        "Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour (2017)",
        "Shallue et al., Measuring the effects of data parallelism on neural network training (2019)",
    )

    @cached_property
    def base(self) -> Recipe:
        """The network's recipe; its batch size is the factor."""
        return recipe(self.data, self.model, optimizer=self.optimizer, epochs=self.epochs or (2 if self.quick else 6))

    @cached_property
    def batches(self) -> tuple[str, ...]:
        """The mini-batches by name, from small to large."""
        return tuple(str(size) for size in sorted(set(self.sizes)))

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Each size at its best rate; the walk of two weights; the gradients of drawn batches."""
        seeds = self.seeds or (5 if self.quick else 10)
        steps = self.base.epochs * prepare(self.base.change(batch_size=int(self.batches[-1]))).steps_per_epoch
        levels = [Level(name, self.base.change(batch_size=int(name))) for name in self.batches]
        levels += [
            Level(ALL, self.base.change(batch_size="all")),
            Level(LONG, self.base.change(batch_size="all", steps=steps)),
        ]
        trained = compare_levels(levels, ["batch_size", "steps"], seeds, tune_rates=True, rates=RATES, listen=listen)
        walks = [Level(name, WALKER.change(batch_size=size)) for name, size in WALKS.items()]
        every = frozenset(range(1, (WALKER.steps or 0) + 1))
        walked = compare_levels(walks, ["batch_size"], seeds, listen=listen, watching=Watching((Place(),), every, 5))
        drawn = [straying(prepare(with_seed(self.base, seed)), DRAWN).assign(seed=seed) for seed in trained.seeds]
        return Evidence({"network": trained, "walk": walked}, {"gradient": pd.concat(drawn, ignore_index=True)})

    def claims(self) -> Sequence[Claim]:
        """Noise, cost, path; then who is better after as many epochs, after as many steps."""
        small, large = self.batches[0], self.batches[-1]
        fill = {"small": small, "large": large, "epochs": self.base.epochs, "steps": WALKER.steps}
        return [
            Claim("noise", _NOISE.fill(**fill), _slope, Range(least=-0.55, most=-0.45)),
            Claim("cost", _COST.fill(low=DRAWN[0], high=DRAWN[-1]), _cost, Range(below=0.5)),
            Claim("path", _PATH.fill(**fill), _longer, Range(above=0)),
            Claim(
                "same-epochs", _EPOCHS.fill(**fill), lambda e: difference(e.comparisons["network"], small, ALL), Range(above=0)
            ),
            Claim(
                "mini-batch-is-best",
                _BEST.fill(**fill),
                lambda e: difference(e.comparisons["network"], large, small),
                Range(above=0),
                saying=True,
            ),
            Claim(
                "noise-helps",
                _HELPS.fill(**fill),
                lambda e: difference(e.comparisons["network"], large, LONG),
                Range(above=0),
                saying=True,
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    @property
    def names(self) -> dict[str, Text]:
        """What readers call the levels."""
        return {**{name: plain(name) for name in self.batches}, ALL: _ALL, LONG: _LONG}

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Who leads after as many epochs, what more steps do for the full batch, what noise and path measure."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, Any]:
        """The numbers that verdict and titles speak of."""
        one = evidence.comparisons["network"]
        levels = [*self.batches, ALL]
        best = leaders({name: scores(one, name) for name in levels})
        rates = {tuned.level: tuned.rate for tuned in one.tuned}
        ways = _detours(evidence.comparisons["walk"])
        return {
            "epochs": self.base.epochs, "best": join([self.names[name] for name in best], ", "), "metric": METRICS[one.metric],
            "scores": join([_PAIR.fill(name=self.names[name], value=score(one, name).alone) for name in levels], ", "),
            "large": self.batches[-1], "large_score": score(one, self.batches[-1]).alone, "long": score(one, LONG).alone,
            "slope": _slope(evidence).alone, "cost": number(_cost(evidence).interval.mean, 2),
            "rates": join([_PAIR.fill(name=self.names[name], value=f"{rates[name]:.3g}") for name in levels], ", "),
            "ways": join([_PAIR.fill(name=_ALL if name == ALL else name, value=number(way.mean())) for name, way in ways.items()], ", "),
            "steps": WALKER.steps,
            "low": DRAWN[0], "high": DRAWN[-1],
            **{f"noise_{end}": number(float(_noise(evidence, size).mean()), 2) for end, size in (("low", DRAWN[0]), ("high", DRAWN[-1]))},
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The walks from above, the trial, the noise by size, the rates by size."""
        found, one = self._found(evidence), evidence.comparisons["network"]
        walks, trial, noise, rates = (text.fill(**found) for text in (_WALKS, _TRIAL, _NOISE_BY_SIZE, _RATES_BY_SIZE))

        def straying_by_size() -> Figure:
            table = evidence.tables["gradient"]
            table = table.assign(at=np.log2(table["size"]), log=np.log10(table["noise"]))
            drawn = lines.interval(table, "at", "log", title=noise, x_name=_SIZE, y_name=_LOG_NOISE)
            return _size_ticks(drawn)

        def tuned() -> Figure:
            table = pd.DataFrame({str(self.names[found.level]): found.losses for found in one.tuned}).replace(np.inf, np.nan)
            columns = list(table.columns)
            table = table.assign(at=np.log10(table.index))
            return rate_ticks(lines.trend(table, "at", columns, title=rates, x_name=RATE, y_name=_VALIDATION), -4, 1)

        return [
            Drawn(trial, lambda: forest(one, self.names, trial), _READ_TRIAL),
            Drawn(walks, lambda: _from_above(evidence.comparisons["walk"], walks), _READ_WALKS),
            Drawn(noise, straying_by_size, _READ_NOISE),
            Drawn(rates, tuned, _READ_RATES),
        ]

    def changes(self) -> Sequence[Change]:
        """More time, other sizes, Adam, other data."""
        return [
            Change(_TRY_LONGER, "whynet ask batch-size --set epochs=20"),
            Change(_TRY_SIZES, "whynet ask batch-size --set 'sizes=[4, 16, 256]'"),
            Change(_TRY_ADAM, "whynet ask batch-size --set optimizer=adam"),
            Change(_TRY_DATA, "whynet ask batch-size --data 'wine(scale=standard)' --set epochs=20"),
        ]


# --- numbers and pictures --------------------------------------------------------------------------------------------


def _slope(evidence: Evidence) -> Measured:
    return mean_of([slope(part) for _, part in evidence.tables["gradient"].groupby("seed")], _EXPONENT)


def _noise(evidence: Evidence, size: int) -> pd.Series:
    table = evidence.tables["gradient"]
    return table.loc[table["size"] == size, "noise"]


def _cost(evidence: Evidence) -> Measured:
    """Seconds for each example in a large batch over those in a small one, seed by seed."""
    table = evidence.tables["gradient"].assign(each=lambda t: t["seconds"] / t["size"])
    small, large = (table.loc[table["size"] == size, "each"].to_numpy(dtype=float) for size in (DRAWN[0], DRAWN[-1]))
    return mean_of(large / small, _EACH)


def _detours(walk: Comparison) -> dict[str, np.ndarray]:
    return {name: np.array([detour(_path(one.history)) for one in arms]) for name, arms in walk.arms.items()}


def _path(history: Any) -> np.ndarray:
    return np.asarray(history.probe(Place.name).to_numpy(dtype=float))


def _longer(evidence: Evidence) -> Measured:
    found = _detours(evidence.comparisons["walk"])
    return mean_of(found["1"] - found[ALL], _WAY)


def _from_above(walk: Comparison, title: Text) -> Figure:
    """The walks of the first seed over the training loss of its two weights."""
    paths = {
        (_ALL_EXAMPLES if name == ALL else _OF_SIZE.fill(size=name)): _path(arms[0].history) for name, arms in walk.arms.items()
    }
    corners = np.concatenate(list(paths.values()))
    low, high = corners.min(axis=0), corners.max(axis=0)
    x, y = (np.linspace(low[i] - 0.3 * (high - low)[i], high[i] + 0.3 * (high - low)[i], 120) for i in range(2))
    train = walk.arms[ALL][0].dataset.train
    inputs, labels = train.pool_x[train.index], train.pool_y[train.index].float()
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=-1)).float()  # (H, W, 2)
    logits = grid @ inputs.T  # (H, W, N)
    values = F.binary_cross_entropy_with_logits(logits, labels.expand_as(logits), reduction="none").mean(dim=-1)
    lowest = np.unravel_index(int(values.argmin()), values.shape)
    return path_2d(
        x, y, values.numpy(), {str(name): path for name, path in paths.items()}, title=title,
        minimum=(float(x[lowest[1]]), float(y[lowest[0]])), x_name="w₁", y_name="w₂",
    )  # fmt: skip


def _size_ticks(figure: Figure) -> Figure:
    return remarks.ticks(figure, {float(np.log2(size)): str(size) for size in DRAWN})


_ALL = Text("all", "전부")
_LONG = Text("all, as many steps", "전부, 같은 스텝 수")
_ALL_EXAMPLES = Text("all examples", "예제 전부")
_OF_SIZE = Text("batch of {size}", "배치 {size}")
_PAIR = Text("{name}: {value}", "{name}: {value}")
_EXPONENT = Text("exponent b in noise ∝ B^b, at the initial weights", "처음 가중치에서 흔들림 ∝ B^b의 지수 b")
_EACH = Text("seconds for an example in a large batch, over those in a small one", "예제 하나에 드는 시간: 큰 배치 ÷ 작은 배치")
_WAY = Text(
    "difference in length of path over straight distance, one example − all, same seeds",
    "(경로의 길이 ÷ 직선 거리)의 차이, 예제 하나 − 전부, 같은 시드끼리",
)
_NOISE = Text(
    "The gradient of a batch strays from that of all examples as 1/√B: the exponent is −0.5 within 0.05.",
    "배치의 기울기(gradient)는 전체 기울기에서 1/√B에 비례해 벗어난다. 지수는 0.05 안에서 −0.5다.",
)
_COST = Text(
    "In a batch of {high} an example costs less than half the time it costs in a batch of {low}.",
    "배치 {high}에서 예제 하나에 드는 시간은 배치 {low}일 때의 절반도 안 된다.",
)
_PATH = Text(
    "In {steps} steps at the same rate, descent by single examples takes a longer way than descent by all of them.",
    "같은 학습률로 {steps}스텝을 갈 때, 예제 하나씩 내려가면 전부로 내려갈 때보다 길을 더 돌아간다.",
)
_EPOCHS = Text(
    "After as many epochs, batches of {small} are ahead of all examples at once, each at its best rate.",
    "같은 에포크(epoch) 뒤에는, 저마다 가장 좋은 학습률에서, 배치 {small:이} 한 번에 전부보다 앞선다.",
)
_BEST = Text(
    "A mini-batch is the best of both: batches of {large} are ahead of batches of {small} after as many epochs.",
    "미니배치는 양쪽의 장점을 모은다. 같은 에포크 뒤에 배치 {large:이} 배치 {small}보다 앞선다.",
)
_HELPS = Text(
    "Noise helps on new data: after as many steps, batches of {large} are ahead of all examples at once.",
    "흔들림은 새 데이터에 도움이 된다. 같은 스텝 뒤에 배치 {large:이} 한 번에 전부보다 앞선다.",
)
_VERDICT = Text(
    "Best after {epochs} epochs, each at its best rate: {best} ({metric}: {scores}). With as many steps as batches of {large} take "
    "({large_score}), all at once reaches {long}. Noise follows the batch size to the power {slope}, and an example costs {cost} of the "
    "time in a batch of {high}, compared with a batch of {low}.",
    "{epochs} 에포크 뒤 저마다 가장 좋은 학습률에서 가장 좋은 배치 크기: {best} ({metric} {scores}). 배치 {large}만큼의 "
    "스텝({large_score})을 쓰면 전부를 한 번에 쓴 것은 {long}. 흔들림은 배치 크기의 {slope}제곱을 따르고, 배치 {high}에서 예제 하나에 "
    "드는 시간은 배치 {low}일 때의 {cost}배다.",
)
_TRIAL = Text(
    "After {epochs} epochs, {metric} by batch size: {scores}; all, with as many steps as {large}: {long}",
    "{epochs} 에포크 뒤 배치 크기에 따른 {metric}: {scores}. 전부, 배치 {large}만큼의 스텝이면 {long}",
)
_WALKS = Text(
    "{steps} steps, length of the path over straight distance by batch size: {ways}",
    "{steps}스텝, 배치 크기에 따른 경로의 길이 ÷ 직선 거리: {ways}",
)
_NOISE_BY_SIZE = Text(
    "The gradient strays {noise_low} of its length with batches of {low}, {noise_high} with {high}: the power is {slope}",
    "기울기가 벗어나는 정도: 배치 {low}에서 자기 길이의 {noise_low}배, {high}에서 {noise_high}배. 지수는 {slope}",
)
_RATES_BY_SIZE = Text("Best learning rates by batch size: {rates}", "배치 크기마다 가장 좋은 학습률: {rates}")
_READ_TRIAL = Text(
    "The same networks from the same weights, each batch size at the best of the same learning rates. The last level has seen far more "
    "examples than the others.",
    "같은 신경망, 같은 처음 가중치에서 배치 크기마다 같은 목록의 가장 좋은 학습률을 썼다. 마지막 것은 훨씬 많은 예제를 보았다.",
)
_READ_WALKS = Text(
    "Logistic regression with two weights on two half-moons, all at the same learning rate. Every path is one seed's.",
    "두 반달(moons)을 가르는, 가중치가 둘인 로지스틱 회귀(logistic regression)다. 학습률은 모두 같고, 시드 하나의 경로다.",
)
_READ_NOISE = Text(
    "Both scales are logarithmic: a straight line is a power, and falling by half an order for each order of B is 1/√B.",
    "두 축 모두 로그다. 곧은 선은 거듭제곱이고, B가 10배일 때 √10분의 1로 줄면 1/√B다.",
)
_READ_RATES = Text(
    "Validation loss at every rate tried, mean of two seeds that the comparison does not use. The smaller the batch, the farther left "
    "its lowest point is expected.",
    "시도한 학습률마다의 검증 손실, 비교에 쓰지 않는 시드 두 개의 평균이다. 배치가 작을수록 가장 낮은 곳이 왼쪽에 있으리라 예상된다.",
)
_SIZE = Text("batch size B", "배치 크기 B")
_LOG_NOISE = Text("log₁₀ of ‖g_B − g‖ / ‖g‖", "‖g_B − g‖ / ‖g‖의 log₁₀")
_VALIDATION = Text("validation loss", "검증 손실(validation loss)")
_TRY_LONGER = Text("More epochs: does the order stay?", "에포크를 늘린다: 순서가 그대로인가?")
_TRY_SIZES = Text("Other sizes: where does it begin to hurt?", "다른 크기: 어디서부터 나빠지는가?")
_TRY_ADAM = Text("Adam: does it make up for few steps?", "Adam: 적은 스텝을 만회하는가?")
_TRY_DATA = Text("Little data: are all examples few enough?", "적은 데이터: 전부라도 충분히 적은가?")
