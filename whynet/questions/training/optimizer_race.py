"""Which optimizer is fastest, and is it always the same one?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.statistics import paired
from whynet.experiment.tuning import RATES
from whynet.figures import curves, path_2d
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.descent import race
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import METRICS, difference, leaders, mean_of, score, scores
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.questions.surfaces import SURFACES, Surface
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join, plain

NETWORK = Spec("mlp", {"widths": [64, 64]})
RACERS = {"SGD": Spec("sgd"), "momentum": Spec("sgd", {"momentum": 0.9}), "Adam": Spec("adam")}
NAMES = {"SGD": plain("SGD"), "momentum": Text("momentum", "모멘텀(momentum)"), "Adam": plain("Adam")}
HUNDREDFOLD = 2.0  # orders of magnitude by which a rate has to lower the function to count as working


@register(
    "question",
    name="optimizer-race",
    place=70,
    year=2021,
    source="Schmidt, Schneider and Hennig, Descending through a crowded valley",
    en="SGD, momentum or Adam: which is fastest, and is it always the same one?",
    ko="SGD, 모멘텀(momentum), Adam: 무엇이 가장 빠른가? 언제나 같은 것이 이기는가?",
)
@dataclass(frozen=True)
class OptimizerRace(Question):
    """f after equally many steps on a surface, and the score of a network, each optimizer at the best rate of the same list."""

    function: Literal["valley", "rosenbrock", "beale"] = "valley"
    steps: Annotated[int, Range(least=1, most=10_000)] = 100  # on the function
    data: str | Spec = "digits"
    model: Spec = NETWORK
    epochs: Annotated[int, Range(least=1)] | None = None  # of the network
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Gradient descent with one learning rate must choose it for the steepest direction, or it is thrown out of the valley; "
            "along the flat direction the same rate then creeps. Momentum adds up the steps that agree and cancels those that go to "
            "and fro, so it runs along the floor. Adam divides each coordinate's step by the size of its recent gradients, so steep "
            "and flat directions move alike, but near the minimum steps of that size overshoot.",
            "학습률(learning rate)이 하나인 경사 하강법(gradient descent)은 가장 가파른 방향에 맞춰 학습률을 정해야 한다. 그러지 않으면 "
            "골짜기 밖으로 튕겨 나간다. 평평한 방향으로는 그 학습률로 기어가게 된다. 모멘텀(momentum)은 같은 쪽 걸음은 쌓고 오락가락하는 "
            "걸음은 지우므로 골짜기 바닥을 따라 달린다. Adam은 좌표마다 걸음을 최근 기울기의 크기로 나누므로 가파른 방향과 평평한 방향을 "
            "비슷하게 움직이지만, 최솟값 가까이에서는 그 걸음이 최솟값을 지나친다.",
        ),
        Text(
            "In a valley κ times steeper across than along, gradient descent at its best keeps ρ = (κ − 1)/(κ + 1) of its distance at "
            "every step, and momentum at its best (√κ − 1)/(√κ + 1): 0.98 and 0.82 for κ = 100.",
            "가로지르는 쪽이 따라가는 쪽보다 κ배 가파른 골짜기에서, 경사 하강법은 아무리 잘해도 걸음마다 거리의 ρ = (κ − 1)/(κ + 1)이 "
            "남고, 모멘텀은 잘하면 (√κ − 1)/(√κ + 1)이 남는다. κ = 100이면 0.98과 0.82다.",
        ),
        Text(
            "Which of these matters depends on the problem, so there is no fastest optimizer, only a fastest one here. And a race at "
            "one common learning rate proves nothing: the best rates of two optimizers lie far apart. Here each takes its best out "
            "of the same list of ten, found on starts and seeds that the race does not use.",
            "그중 무엇이 중요한지는 문제에 따라 다르다. 그래서 가장 빠른 옵티마이저(optimizer)는 없고, 여기서 가장 빠른 것이 있을 뿐이다. "
            "학습률을 하나로 맞춘 경주는 아무것도 증명하지 못한다. 가장 좋은 학습률이 옵티마이저마다 크게 다르기 때문이다. 여기서는 저마다 "
            "같은 목록의 열 개 가운데 가장 좋은 것을 쓰고, 그 값은 경주에 쓰지 않는 출발점과 시드(seed)에서 찾는다.",
        ),
    )
    formula: ClassVar[str] = (
        "SGD       w ← w − η g\n"
        "momentum  v ← 0.9 v + g,   w ← w − η v\n"
        "Adam      m ← 0.9 m + 0.1 g,   s ← 0.999 s + 0.001 g²,   w ← w − η m̂ / (√ŝ + ε)\n"
        "κ = λ_max / λ_min,   ρ_SGD = (κ − 1)/(κ + 1),   ρ_momentum = (√κ − 1)/(√κ + 1)"
    )
    sources: ClassVar[Sequence[str]] = (
        "Polyak, Some methods of speeding up the convergence of iteration methods (1964)",
        "Kingma and Ba, Adam: a method for stochastic optimization (2015)",
        "Schmidt, Schneider and Hennig, Descending through a crowded valley (2021)",
    )

    @property
    def surface(self) -> Surface:
        """The function of two variables."""
        return SURFACES[self.function]

    @property
    def base(self) -> Recipe:
        """The network's recipe; the optimizer is the factor."""
        return recipe(self.data, self.model, epochs=self.epochs or (4 if self.quick else 10))

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """The race on the surface, then the network with the whole optimizer as the factor."""
        ran = race(RACERS, self.surface, range(self.seeds or 10), self.steps)
        base = self.base
        levels = [Level(name, base.change(optimizer=spec)) for name, spec in RACERS.items()]
        seeds = self.seeds or (5 if self.quick else 10)
        network = compare_levels(levels, ["optimizer"], seeds, tune_rates=True, listen=listen)
        note = _TUNED.fill(
            rates=listed({name: f"{rate:.3g}" for name, rate in ran.rates.items()}), n=len(RATES), surface=self.surface.name
        )
        return Evidence({"network": network}, {"ends": ran.ends}, {"steps": ran.steps}, (note,))

    def claims(self) -> Sequence[Claim]:
        """Who beats whom: on the surface, over learning rates, on the network, early on."""
        here = {"surface": self.surface.name, "steps": self.steps, "epochs": self.base.epochs}
        lower, higher = Range(below=0), Range(above=0)
        return [
            Claim("momentum-here", _MOMENTUM_HERE.fill(**here), lambda e: _lower(e, "momentum", "SGD"), lower),
            Claim("adam-here", _ADAM_HERE.fill(**here), lambda e: _lower(e, "Adam", "SGD"), lower),
            Claim("adam-best-here", _BEST_HERE.fill(**here), lambda e: _lower(e, "Adam", "momentum"), lower, saying=True),
            Claim("adam-more-rates", _MORE_RATES.fill(**here), lambda e: _more_rates(e, "Adam", "SGD"), higher, saying=True),
            Claim(
                "momentum", _MOMENTUM.fill(**here), lambda e: difference(e.comparisons["network"], "momentum", "SGD"), higher
            ),
            Claim("adam", _ADAM.fill(**here), lambda e: difference(e.comparisons["network"], "Adam", "SGD"), higher),
            Claim(
                "adam-best",
                _BEST.fill(**here),
                lambda e: difference(e.comparisons["network"], "Adam", "momentum"),
                higher,
                saying=True,
            ),
            Claim("adam-early", _EARLY, lambda e: _early(e.comparisons["network"], "Adam", "momentum"), lower, saying=True),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Who leads on the surface, who leads on the network."""
        network = evidence.comparisons["network"]
        here = leaders({name: _ends(evidence, name) for name in RACERS}, higher_is_better=False)
        there = leaders({name: scores(network, name) for name in RACERS})
        words = _VERDICT.fill(
            here=join([NAMES[name] for name in here], ", "),
            there=join([NAMES[name] for name in there], ", "),
            **self._found(evidence),
        )
        return join([words, _TIED]) if len(here) > 1 or len(there) > 1 else words

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        network = evidence.comparisons["network"]
        reached = {name: _power(float(np.mean(_ends(evidence, name)))) for name in RACERS}  # the geometric mean over starts
        one = {name: _power(float(_ends(evidence, name)[0])) for name in RACERS}
        return {
            "surface": self.surface.name, "steps": self.steps, "epochs": self.base.epochs, "n": len(RATES),
            "metric": METRICS[network.metric],
            "one": listed({name: number(value, 2) for name, value in one.items()}),
            "reached": listed({name: number(value, 2) for name, value in reached.items()}),
            "scores": listed({name: score(network, name).alone for name in RACERS}),
            "counts": listed({name: number(float(_working(evidence, name).mean()), 2) for name in RACERS}),
            "rates": listed({one.level: f"{one.rate:.3g}" for one in network.tuned}),
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """One descent seen from above, all descents, every rate; the network's loss and its rates."""
        network, steps, ends, found = (
            evidence.comparisons["network"],
            evidence.traces["steps"],
            evidence.tables["ends"],
            self._found(evidence),
        )
        above, falling, rates, loss, tuned = (one.fill(**found) for one in (_ABOVE, _FALLING, _TOLERANT, _LOSS, _BEST_RATES))

        def every_rate() -> Figure:
            table = ends.assign(
                at=np.log10(ends["rate"]), end=ends["log10_f"].clip(upper=3)
            )  # beyond 10³ it has left the picture
            return _rate_ticks(curves(_runs(table, "at", "end"), title=rates, x=_RATE, y=_LOG_F))

        def network_rates() -> Figure:
            table = pd.DataFrame({str(NAMES[one.level]): one.losses for one in network.tuned}).replace(np.inf, np.nan)
            names = list(table.columns)
            table = table.assign(at=np.log10(table.index))
            return _rate_ticks(lines.trend(table, "at", names, title=tuned, x_name=_RATE, y_name=_VALIDATION))

        histories = {str(NAMES[name]): [one.history for one in arms] for name, arms in network.arms.items()}
        return [
            Drawn(above, lambda: _from_above(self.surface, steps[steps["start"] == 0], above), _READ_ABOVE),
            Drawn(falling, lambda: curves(_runs(steps, "step", "f"), title=falling, y="f", log=True), _READ_FALLING),
            Drawn(rates, every_rate, _READ_RATES),
            Drawn(loss, lambda: curves(histories, title=loss, y=_VALIDATION, what="loss", log=True), _READ_LOSS),
            Drawn(tuned, network_rates, _READ_TUNED),
        ]

    def changes(self) -> Sequence[Change]:
        """Other surfaces, more steps, a deeper network, other data."""
        return [
            Change(_TRY_CURVED, "whynet ask optimizer-race --set function=rosenbrock"),
            Change(_TRY_LONGER, "whynet ask optimizer-race --set steps=300"),
            Change(_TRY_DEEPER, "whynet ask optimizer-race --model 'mlp(widths=[64, 64, 64, 64])'"),
            Change(_TRY_DATA, "whynet ask optimizer-race --data spirals --set epochs=30"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def _ends(evidence: Evidence, racer: str) -> np.ndarray:
    """log₁₀ f at the end of the race, a value for each start."""
    table = evidence.tables["ends"]
    return table.loc[(table["racer"] == racer) & table["raced"], "log10_f"].to_numpy(dtype=float)


def _power(exponent: float) -> float:
    """10^exponent, as far as floats go."""
    return 10.0**exponent if exponent < 300 else float("inf")


def _lower(evidence: Evidence, racer: str, other: str) -> Measured:
    pair = paired(_ends(evidence, racer), _ends(evidence, other), higher_is_better=False)
    return Measured(pair.difference, _ORDERS)


def _working(evidence: Evidence, racer: str) -> np.ndarray:
    """How many of the rates lower f a hundredfold, a count for each start."""
    table = evidence.tables["ends"]
    table = table[table["racer"] == racer]
    return (table["drop"] >= HUNDREDFOLD).groupby(table["start"]).sum().to_numpy(dtype=float)


def _more_rates(evidence: Evidence, racer: str, other: str) -> Measured:
    return Measured(paired(_working(evidence, racer), _working(evidence, other)).difference, _MORE)


def _early(network: Comparison, racer: str, other: str) -> Measured:
    """ln of the ratio of the validation losses after a tenth of the training."""

    def loss(name: str) -> np.ndarray:
        found = [one.history.curve("validation", "loss") for one in network.arms[name]]
        return np.array([values[np.searchsorted(steps, steps[-1] / 10)] if len(steps) else np.nan for steps, values in found])

    return mean_of(np.log(loss(racer) / loss(other)), _LOG_RATIO)


# --- pictures --------------------------------------------------------------------------------------------------------


def listed(values: Mapping[str, Text | str]) -> Text:
    """``SGD 0.3, momentum 0.1``, each name in the reader's language."""
    return join([_PAIR.fill(name=NAMES[name], value=value) for name, value in values.items()], ", ")


def _runs(table: pd.DataFrame, x: str, y: str) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """One line for each start, by racer, as `curves` wants them."""
    return {
        str(NAMES[name]): [
            (part[x].to_numpy(dtype=float), part[y].to_numpy(dtype=float))
            for _, part in table[table["racer"] == name].groupby("start")
        ]
        for name in RACERS
    }


def _from_above(surface: Surface, steps: pd.DataFrame, title: Text) -> Figure:
    """The paths from one start over the level lines, in the box of all starts with a margin."""
    (x0, y0), (x1, y1) = surface.low, surface.high
    x, y = (np.linspace(low - 0.1 * (high - low), high + 0.1 * (high - low), 200) for low, high in ((x0, x1), (y0, y1)))
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=-1))  # (H, W, 2)
    paths = {str(NAMES[name]): steps.loc[steps["racer"] == name, ["x", "y"]].to_numpy(dtype=float) for name in RACERS}
    return path_2d(x, y, surface(grid).numpy(), paths, title=title, minimum=surface.minimum)


def _rate_ticks(figure: Figure) -> Figure:
    """The powers of ten at a logarithmic axis of rates."""
    return remarks.ticks(figure, {power: number(10.0**power) for power in range(-4, 1)})


_PAIR = Text("{name} {value}", "{name} {value}")
_TUNED = Text(
    "On {surface} each optimizer's learning rate was chosen out of {n}, on ten starts that the race does not use: {rates}",
    "{surface}에서 쓰는 학습률은 {n}개 가운데에서, 경주에 쓰지 않는 출발점 열 개로 골랐다: {rates}",
)
_ORDERS = Text(
    "difference in log₁₀ f over the last tenth of the steps, same starts",
    "마지막 10분의 1 스텝에서 log₁₀ f의 차이, 같은 출발점끼리",
)
_MORE = Text("how many more of the rates work, same starts", "효과가 있는 학습률의 개수 차이, 같은 출발점끼리")
_LOG_RATIO = Text("ln of the ratio of validation losses, same seeds", "검증 손실 비의 로그(ln), 같은 시드끼리")
_MOMENTUM_HERE = Text(
    "On {surface}, momentum gets lower than SGD in {steps} steps.",
    "{surface}: 같은 {steps}스텝(step)에 모멘텀이 SGD보다 더 낮은 곳에 이른다.",
)
_ADAM_HERE = Text(
    "On {surface}, Adam gets lower than SGD in {steps} steps.",
    "{surface}: 같은 {steps}스텝에 Adam이 SGD보다 더 낮은 곳에 이른다.",
)
_BEST_HERE = Text(
    "On {surface}, Adam gets lower than momentum too.",
    "{surface}: Adam이 모멘텀보다도 더 낮은 곳에 이른다.",
)
_MORE_RATES = Text(
    "On {surface}, more learning rates work with Adam than with SGD.",
    "{surface}: Adam은 SGD보다 더 많은 학습률에서 효과가 있다.",
)
_MOMENTUM = Text(
    "After {epochs} epochs the network is better with momentum than with SGD.",
    "{epochs} 에포크(epoch) 뒤 신경망은 SGD보다 모멘텀에서 더 낫다.",
)
_ADAM = Text(
    "After {epochs} epochs the network is better with Adam than with SGD.",
    "{epochs} 에포크 뒤 신경망은 SGD보다 Adam에서 더 낫다.",
)
_BEST = Text(
    "After {epochs} epochs the network is better with Adam than with momentum too.",
    "{epochs} 에포크 뒤 신경망은 모멘텀보다도 Adam에서 더 낫다.",
)
_EARLY = Text(
    "After a tenth of the training, Adam's validation loss is below that of momentum.",
    "학습의 10분의 1이 지났을 때 Adam의 검증 손실이 모멘텀보다 낮다.",
)
_VERDICT = Text(
    "Lowest on {surface} after {steps} steps: {here} ({reached}). Best on the network after {epochs} epochs: {there} "
    "({scores}).",
    "{surface}에서 {steps}스텝 뒤 가장 낮은 것: {here} ({reached}). {epochs} 에포크 뒤 신경망에서 가장 좋은 것: {there} "
    "({scores}).",
)
_TIED = Text("Optimizers named together could not be told apart.", "함께 적힌 것은 차이가 드러나지 않았다.")
_ABOVE = Text(
    "{steps} steps from one start on {surface} lead to f = {one}",
    "{surface}, 한 출발점에서 {steps}스텝 뒤의 f: {one}",
)
_FALLING = Text("f on {surface} after {steps} steps: {reached}", "{surface}, {steps}스텝 뒤의 f: {reached}")
_TOLERANT = Text(
    "Of {n} learning rates, so many lower f a hundredfold on {surface}: {counts}",
    "{surface}: 학습률 {n}개 가운데 f를 100분의 1로 낮추는 개수: {counts}",
)
_LOSS = Text("The network after {epochs} epochs, {metric}: {scores}", "{epochs} 에포크 뒤의 신경망, {metric}: {scores}")
_BEST_RATES = Text("Best learning rates on the network: {rates}", "신경망에서 가장 좋은 학습률: {rates}")
_READ_ABOVE = Text(
    "A path that zigzags spends its steps on the steep side; one that creeps has a learning rate chosen for the steep side.",
    "지그재그로 가는 경로는 가파른 쪽에서 걸음을 낭비한다. 기어가는 경로의 학습률은 가파른 쪽에 맞춘 것이다.",
)
_READ_FALLING = Text("From the same starts, each optimizer at its best rate.", "같은 출발점에서, 저마다 가장 좋은 학습률로.")
_READ_RATES = Text(
    "Every rate of the list from the same starts. Too small a rate gets nowhere, too large a one diverges; a wide low stretch forgives.",
    "목록의 모든 학습률을 같은 출발점에서. 너무 작으면 나아가지 못하고 너무 크면 발산한다. 낮은 구간이 넓을수록 너그럽다.",
)
_READ_LOSS = Text(
    "The same networks from the same weights, in the same order of data, each optimizer at its best rate.",
    "같은 신경망, 같은 처음 가중치, 같은 데이터 순서. 저마다 가장 좋은 학습률로.",
)
_READ_TUNED = Text(
    "Validation loss after the whole training at every rate of the list, the mean of two seeds that the comparison does not use.",
    "목록의 학습률마다 학습을 마친 뒤의 검증 손실. 비교에 쓰지 않는 시드 두 개의 평균이다.",
)
_RATE = Text("learning rate", "학습률(learning rate)")
_LOG_F = Text("log₁₀ f at the end, at most 3", "끝에서의 log₁₀ f, 3까지만")
_VALIDATION = Text("validation loss", "검증 손실(validation loss)")
_TRY_CURVED = Text("A curved valley: who follows the bend?", "굽은 골짜기: 누가 굽이를 따라가는가?")
_TRY_LONGER = Text("More steps: does the order stay?", "스텝을 늘린다: 순서가 그대로인가?")
_TRY_DEEPER = Text("A deeper network: who suffers most?", "더 깊은 신경망: 누가 가장 손해를 보는가?")
_TRY_DATA = Text("Other data: does the same one win?", "다른 데이터: 같은 것이 이기는가?")
