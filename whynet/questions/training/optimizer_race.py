"""Which optimizer is fastest, and is it always the same one?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.tuning import RATES
from whynet.figures import curves
from whynet.figures.canvas import number
from whynet.figures.charts import lines
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.descent import FLOOR, Race, race
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import METRICS, difference, leaders, score, scores
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.questions.surfaces import SURFACES, Surface
from whynet.questions.training import racers
from whynet.questions.training.race_charts import SHOWN, everywhere, from_above, runs
from whynet.questions.training.racers import NAMES, RACERS, ends, listed, power, working
from whynet.questions.training.rates import RATE, rate_ticks
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

STARTS = 10  # on the functions, at least: they cost next to nothing
LOST = 1e12  # a descent that is higher than this has left the picture
NETWORK = Spec("mlp", {"widths": [64, 64]})


@register(
    "question",
    name="optimizer-race",
    place=70,
    year=2021,
    source="Schmidt, Schneider and Hennig, Descending through a crowded valley",
    en="Which optimizer is fastest, and is it always the same one?",
    ko="어떤 옵티마이저(optimizer)가 가장 빠르며, 언제나 같은 것이 이기는가?",
)
@dataclass(frozen=True)
class OptimizerRace(Question):
    """f after equally many steps on a surface, and the score of a network, each optimizer at the best rate of the same list."""

    function: Literal["valley", "rosenbrock", "beale", "saddle", "waves"] = "valley"
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
            "Adagrad and RMSprop divide as Adam does, by all gradients so far or by the recent ones; a valley that lies along the axes, as "
            "the narrow one here does, is what they are made for. Which of these matters depends on the problem. And a race at "
            "one common learning rate proves nothing: the best rates of two optimizers lie far apart. Here each takes its best out "
            "of the same list of ten, found on starts and seeds that the race does not use.",
            "Adagrad는 지금까지의 모든 기울기로, RMSprop은 최근의 기울기로 Adam처럼 나눈다. 이곳의 좁은 골짜기처럼 좌표축을 따라 놓인 "
            "골짜기는 이런 옵티마이저(optimizer)에 꼭 맞는다. 그중 무엇이 중요한지는 문제에 따라 다르다. "
            "학습률을 하나로 맞춘 경주는 아무것도 증명하지 못한다. 가장 좋은 학습률이 옵티마이저마다 크게 다르기 때문이다. 여기서는 저마다 "
            "같은 목록의 열 개 가운데 가장 좋은 것을 쓰고, 그 값은 경주에 쓰지 않는 출발점과 시드(seed)에서 찾는다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "SGD       w ← w − η g\n"
        "momentum  v ← 0.9 v + g,   w ← w − η v\n"
        "Nesterov  v ← 0.9 v + g,   w ← w − η (g + 0.9 v)\n"
        "Adagrad   s ← s + g²,   w ← w − η g / (√s + ε)\n"
        "RMSprop   s ← 0.99 s + 0.01 g²,   w ← w − η g / (√s + ε)\n"
        "Adadelta  s ← 0.9 s + 0.1 g²,   d = √((u + ε)/(s + ε)) g,   u ← 0.9 u + 0.1 d²,   w ← w − η d\n"
        "AdamW     w ← (1 − η λ) w, then as Adam\n"
        "Adam      m ← 0.9 m + 0.1 g,   s ← 0.999 s + 0.001 g²,   w ← w − η m̂ / (√ŝ + ε)\n"
        "κ = λ_max / λ_min,   ρ_SGD = (κ − 1)/(κ + 1),   ρ_momentum = (√κ − 1)/(√κ + 1)",
        "SGD       w ← w − η g\n"
        "momentum  v ← 0.9 v + g,   w ← w − η v\n"
        "Nesterov  v ← 0.9 v + g,   w ← w − η (g + 0.9 v)\n"
        "Adagrad   s ← s + g²,   w ← w − η g / (√s + ε)\n"
        "RMSprop   s ← 0.99 s + 0.01 g²,   w ← w − η g / (√s + ε)\n"
        "Adadelta  s ← 0.9 s + 0.1 g²,   d = √((u + ε)/(s + ε)) g,   u ← 0.9 u + 0.1 d²,   w ← w − η d\n"
        "AdamW     w ← (1 − η λ) w, 그다음은 Adam처럼\n"
        "Adam      m ← 0.9 m + 0.1 g,   s ← 0.999 s + 0.001 g²,   w ← w − η m̂ / (√ŝ + ε)\n"
        "κ = λ_max / λ_min,   ρ_SGD = (κ − 1)/(κ + 1),   ρ_momentum = (√κ − 1)/(√κ + 1)",
    )
    sources: ClassVar[Sequence[str]] = (
        "Polyak, Some methods of speeding up the convergence of iteration methods (1964)",
        "Nesterov, A method for solving the convex programming problem with convergence rate O(1/k²) (1983)",
        "Duchi, Hazan and Singer, Adaptive subgradient methods (2011)",
        "Tieleman and Hinton, Lecture 6.5: RMSprop (2012); Zeiler, ADADELTA (2012)",
        "Loshchilov and Hutter, Decoupled weight decay regularization (2019)",
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
        """The race on every surface, then the network with the whole optimizer as the factor."""
        every = {
            name: race(RACERS, surface, range(max(self.seeds or 0, STARTS)), self.steps) for name, surface in SURFACES.items()
        }
        ran = every[self.function]
        base = self.base
        levels = [Level(name, base.change(optimizer=spec)) for name, spec in RACERS.items()]
        seeds = self.seeds or (5 if self.quick else 10)
        network = compare_levels(levels, ["optimizer"], seeds, tune_rates=True, listen=listen)
        note = _TUNED.fill(
            rates=listed({name: f"{rate:.3g}" for name, rate in ran.rates.items()}), n=len(RATES), surface=self.surface.name
        )
        return Evidence(
            {"network": network}, {"ends": ran.ends, "everywhere": _all(every)}, {"steps": ran.steps}, (note, _DECAY)
        )

    def claims(self) -> Sequence[Claim]:
        """Who beats whom: on the surface, over learning rates, on the network, early on."""
        here = {"surface": self.surface.name, "steps": self.steps, "epochs": self.base.epochs}
        lower, higher, every = Range(below=0), Range(above=0), len(SURFACES)

        def gap(racer: str) -> Callable[[Evidence], Measured]:
            return lambda e: difference(e.comparisons["network"], racer, "momentum" if racer == "Adam" else "SGD")

        return [
            Claim("momentum-here", _MOMENTUM_HERE.fill(**here), lambda e: racers.lower(e, "momentum", "SGD"), lower),
            Claim("adam-here", _ADAM_HERE.fill(**here), lambda e: racers.lower(e, "Adam", "SGD"), lower),
            Claim(
                "adam-more-rates", _MORE_RATES.fill(**here), lambda e: racers.more_rates(e, "Adam", "SGD"), higher, saying=True
            ),
            Claim("adam-everywhere", _ADAM_EVERYWHERE, lambda e: racers.won(e, "Adam"), Range(least=every), saying=True),
            Claim("nobody-everywhere", _NOBODY, racers.won, Range(below=every), saying=True),
            Claim("momentum", _MOMENTUM.fill(**here), gap("momentum"), higher),
            Claim("adam-best", _BEST.fill(**here), gap("Adam"), higher, saying=True),
            Claim(
                "adam-early", _EARLY, lambda e: racers.early(e.comparisons["network"], "Adam", "momentum"), lower, saying=True
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Who leads on the surface, who leads on the network."""
        network = evidence.comparisons["network"]
        here = racers.best_on(evidence, self.function)
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
        reached = {name: power(float(np.mean(ends(evidence, name)))) for name in RACERS}  # the geometric mean over starts
        one = {name: power(float(ends(evidence, name)[0])) for name in SHOWN}
        scored = {name: float(scores(network, name).mean()) for name in RACERS}
        counts = {name: float(working(evidence, name).mean()) for name in RACERS}
        return {
            "surface": self.surface.name, "steps": self.steps, "epochs": self.base.epochs, "n": len(RATES),
            "metric": METRICS[network.metric], "functions": len(SURFACES),
            "one": listed({name: number(value, 2) for name, value in one.items()}),
            "reached": _ends_of({name: (value, number(value, 2)) for name, value in reached.items()}),
            "scores": _ends_of({name: (-value, score(network, name).alone) for name, value in scored.items()}),
            "counts": _ends_of({name: (-value, number(value, 2)) for name, value in counts.items()}),
            "rates": listed({one.level: f"{one.rate:.3g}" for one in network.tuned}),
            "early": number(float(np.exp(racers.early(network, "Adam", "momentum").interval.mean)), 2),
            "won": listed({name: str(count) for name, count in racers.functions_won(evidence).items()}),
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """One descent seen from above, all descents, every rate; the network's loss and its rates."""
        network, steps, table = evidence.comparisons["network"], evidence.traces["steps"], evidence.tables["ends"]
        texts = (_ABOVE, _EVERYWHERE, _FALLING, _TOLERANT, _LOSS, _EARLIER, _BEST_RATES)
        above, all_five, falling, rates, loss, earlier, tuned = (one.fill(**self._found(evidence)) for one in texts)

        seen = steps.assign(f=steps["f"].clip(lower=FLOOR).where(steps["f"] < LOST))

        def every_rate() -> Figure:
            cut = table.assign(
                at=np.log10(table["rate"]), end=table["log10_f"].clip(upper=3)
            )  # beyond 10³ it has left the picture
            return rate_ticks(curves(runs(cut, "at", "end"), title=rates, x=RATE, y=_LOG_F))

        def network_rates() -> Figure:
            found = pd.DataFrame({str(NAMES[one.level]): one.losses for one in network.tuned}).replace(np.inf, np.nan)
            names = list(found.columns)
            found = found.assign(at=np.log10(found.index))
            return rate_ticks(lines.trend(found, "at", names, title=tuned, x_name=RATE, y_name=_VALIDATION))

        def learning() -> Figure:
            histories = {str(NAMES[name]): [one.history for one in network.arms[name]] for name in SHOWN}
            return curves(histories, title=earlier, y=_VALIDATION, what="loss", log=True)

        return [
            Drawn(above, lambda: from_above(self.surface, steps[steps["start"] == 0], above), _READ_ABOVE),
            Drawn(all_five, lambda: everywhere(evidence.tables["everywhere"], all_five), _READ_EVERYWHERE),
            Drawn(falling, lambda: curves(runs(seen, "step", "f"), title=falling, y="f", log=True), _READ_FALLING),
            Drawn(rates, every_rate, _READ_RATES),
            Drawn(loss, lambda: forest(network, NAMES, loss), _READ_LOSS),
            Drawn(earlier, learning, _READ_EARLIER),
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


def _all(every: Mapping[str, Race]) -> pd.DataFrame:
    """The ends of all races at the best rates, with a column function."""
    parts = [one.ends[one.ends["raced"]].assign(function=name) for name, one in every.items()]
    return pd.concat(parts, ignore_index=True)


def _ends_of(values: Mapping[str, tuple[float, Text | str]]) -> Text:
    """First and last by their numbers, small to large: ``Adam 0.001 … SGD 0.5``."""
    order = sorted(values, key=lambda name: values[name][0])
    return _FROM_TO.fill(first=listed({order[0]: values[order[0]][1]}), last=listed({order[-1]: values[order[-1]][1]}))


_FROM_TO = Text("{first} … {last}", "{first} … {last}")
_DECAY = Text(
    "AdamW's weight decay pulls to the origin, where the narrow valley and the bowl full of waves happen to be lowest.",
    "AdamW의 가중치 감쇠(weight decay)는 원점으로 당긴다. 좁은 골짜기와 물결치는 그릇은 마침 원점이 가장 낮다.",
)
_ADAM_EVERYWHERE = Text(
    "Adam is a safe choice: on all five functions it is the lowest, or cannot be told from it.",
    "Adam이면 안전하다. 함수 다섯 개 모두에서 가장 낮은 곳에 이르거나 그것과 가려지지 않는다.",
)
_NOBODY = Text(
    "No optimizer is the lowest, or not told from it, on all five functions.",
    "함수 다섯 개 모두에서 가장 낮거나 그것과 가려지지 않는 옵티마이저는 없다.",
)
_EVERYWHERE = Text(
    "On how many of {functions} functions each is lowest, or not told from it: {won}",
    "함수 {functions}개 가운데 가장 낮거나 그것과 가려지지 않는 개수: {won}",
)
_READ_EVERYWHERE = Text(
    "Every dot is a start, the bar their mean; farther left is lower. What is below 10⁻¹⁰ stands at the left edge, "
    "what is beyond 10⁵ at the right.",
    "점은 출발점 하나, 막대는 그 평균이다. 왼쪽일수록 낮다. 10⁻¹⁰보다 낮으면 왼쪽 끝에, 10⁵을 넘으면 오른쪽 끝에 둔다.",
)
_TUNED = Text(
    "On {surface} each optimizer's learning rate was chosen out of {n}, on ten starts that the race does not use: {rates}",
    "{surface}에서 쓰는 학습률은 {n}개 가운데에서, 경주에 쓰지 않는 출발점 열 개로 골랐다: {rates}",
)
_MOMENTUM_HERE = Text(
    "On {surface}, momentum gets lower than SGD in {steps} steps.",
    "{surface}: 같은 {steps}스텝(step)에 모멘텀이 SGD보다 더 낮은 곳에 이른다.",
)
_ADAM_HERE = Text(
    "On {surface}, Adam gets lower than SGD in {steps} steps.",
    "{surface}: 같은 {steps}스텝에 Adam이 SGD보다 더 낮은 곳에 이른다.",
)
_MORE_RATES = Text(
    "On {surface}, more learning rates work with Adam than with SGD.",
    "{surface}: Adam은 SGD보다 더 많은 학습률에서 효과가 있다.",
)
_MOMENTUM = Text(
    "After {epochs} epochs the network is better with momentum than with SGD.",
    "{epochs} 에포크(epoch) 뒤 신경망은 SGD보다 모멘텀에서 더 낫다.",
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
    "({metric} {scores}). Functions of {functions} on which each is lowest, or not told from it: {won}.",
    "{surface}에서 {steps}스텝 뒤 가장 낮은 것: {here} ({reached}). {epochs} 에포크 뒤 신경망에서 가장 좋은 것: {there} "
    "({metric} {scores}). 함수 {functions}개 가운데 가장 낮거나 그것과 가려지지 않는 개수: {won}.",
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
_EARLIER = Text(
    "After a tenth of the training Adam's validation loss is {early} times that of momentum",
    "학습의 10분의 1이 지났을 때 Adam의 검증 손실은 모멘텀의 {early}배다",
)
_READ_EARLIER = Text("Four of the eight, on a logarithmic scale.", "여덟 가운데 넷을 로그 눈금으로 그렸다.")
_BEST_RATES = Text("Best learning rates on the network: {rates}", "신경망에서 가장 좋은 학습률: {rates}")
_READ_ABOVE = Text(
    "A path that zigzags spends its steps on the steep side; one that creeps has a learning rate chosen for the steep side.",
    "지그재그로 가는 경로는 가파른 쪽에서 걸음을 낭비한다. 기어가는 경로의 학습률은 가파른 쪽에 맞춘 것이다.",
)
_READ_FALLING = Text(
    "From the same starts, each optimizer at its best rate; what is below 10⁻³⁰ counts as that.",
    "같은 출발점에서, 저마다 가장 좋은 학습률로. 10⁻³⁰보다 낮으면 10⁻³⁰으로 친다.",
)
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
_LOG_F = Text("log₁₀ f at the end, at most 3", "끝에서의 log₁₀ f, 3까지만")
_VALIDATION = Text("validation loss", "검증 손실(validation loss)")
_TRY_CURVED = Text("A curved valley: who follows the bend?", "굽은 골짜기: 누가 굽이를 따라가는가?")
_TRY_LONGER = Text("More steps: does the order stay?", "스텝을 늘린다: 순서가 그대로인가?")
_TRY_DEEPER = Text("A deeper network: who suffers most?", "더 깊은 신경망: 누가 가장 손해를 보는가?")
_TRY_DATA = Text("Other data: does the same one win?", "다른 데이터: 같은 것이 이기는가?")
