"""What does the learning rate decide?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from whynet.engine.arm import prepare
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.figures import curves, path_2d
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.optimizers.sgd import SGD
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.curvature import sharpness
from whynet.questions.descent import FLOOR, walk
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import CHANCE, METRICS, above_chance, difference, mean_of, score, scores
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.questions.surfaces import NARROW, SURFACES
from whynet.questions.training.rates import RATE, best_by_validation, largest_that_learns, rate_ticks
from whynet.recipe import Recipe, recipe, with_seed
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text

NETWORK, DESCENT = Spec("mlp", {"widths": [64]}), Spec("sgd")
EDGE = 2 / NARROW  # the valley's greatest curvature is NARROW
SHARES = {"half": 0.5, "below": 0.95, "above": 1.05}  # of the edge
STEPS = 60
TENTH, LONG = "tenth", 10


@register(
    "question",
    name="learning-rate",
    place=10,
    year=1847,
    source="Cauchy (1847); Polyak, Introduction to optimization (1987)",
    en="What does the learning rate decide, and when is it too large?",
    ko="학습률(learning rate)은 무엇을 결정하며, 언제 너무 큰가?",
)
@dataclass(frozen=True)
class LearningRate(Question):
    """f after descent at shares of 2/λ, and the score of a network by learning rate, from far too small to far too large."""

    data: str | Spec = "digits"
    model: Spec = NETWORK
    optimizer: Spec = DESCENT
    rates: Sequence[Annotated[float, Range(above=0)]] = (0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316, 1.0, 3.16, 10.0)
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "The gradient says which way is down, not how far down goes. The learning rate is how far one step trusts it. Where the "
            "ground bends, the gradient at the end of a step is no longer that of its beginning: a step too long lands on the other "
            "side, higher than it left. In a valley of curvature λ each step multiplies the distance to the floor by 1 − ηλ, so it "
            "shrinks for η below 2/λ and grows without end beyond.",
            "기울기(gradient)는 어느 쪽이 내리막인지 말해 줄 뿐, 내리막이 얼마나 이어지는지는 말해 주지 않는다. 학습률은 그 방향을 한 "
            "걸음에 얼마나 믿고 갈지를 정한다. 바닥이 굽어 있으면 걸음 끝의 기울기는 출발할 때와 다르다. 걸음이 너무 길면 건너편에, "
            "출발한 곳보다 높이 떨어진다. 곡률(curvature)이 λ인 골짜기에서는 걸음마다 바닥까지의 거리에 1 − ηλ가 곱해진다. 그래서 η가 "
            "2/λ보다 작으면 줄어들고, 크면 끝없이 커진다.",
        ),
        Text(
            "A valley is seldom equally steep in all directions: the steepest one sets the limit, the flattest one the pace. That is "
            "why a rate a little too small wastes time and one a little too large wastes everything. A network is no valley: its "
            "curvature changes as it learns, and 2/λ at the start is a hint and no law.",
            "골짜기가 모든 방향으로 똑같이 가파른 일은 드물다. 가장 가파른 방향이 한계를 정하고, 가장 평평한 방향이 속도를 정한다. 그래서 "
            "학습률이 조금 작으면 시간을 버리지만, 조금 크면 전부를 버린다. 신경망은 단순한 골짜기가 아니다. 배우는 동안 곡률이 바뀌므로 "
            "처음의 2/λ는 실마리일 뿐 법칙이 아니다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "w ← w − η ∂L/∂w\n"
        "L = λ w² / 2:   w_t = (1 − ηλ)^t w_0,   |1 − ηλ| < 1  ⟺  0 < η < 2/λ\n"
        "λ_max, λ_min:   η < 2/λ_max,   pace 1 − ηλ_min",
        "w ← w − η ∂L/∂w\n"
        "L = λ w² / 2:   w_t = (1 − ηλ)^t w_0,   |1 − ηλ| < 1  ⟺  0 < η < 2/λ\n"
        "λ_max, λ_min:   η < 2/λ_max,   빠르기 1 − ηλ_min",
    )
    sources: ClassVar[Sequence[str]] = (
        "Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées (1847)",
        "Smith, Cyclical learning rates for training neural networks (2017)",
        "Lewkowycz, Bahri, Dyer, Sohl-Dickstein and Gur-Ari, The large learning rate phase of deep learning (2020)",
        "Cohen, Kaur, Li, Kolter and Talwalkar, Gradient descent on neural networks typically occurs at the edge of stability (2021)",
    )

    @cached_property
    def base(self) -> Recipe:
        """The network's recipe; its learning rate is the factor."""
        return recipe(self.data, self.model, optimizer=self.optimizer, epochs=self.epochs or (8 if self.quick else 20))

    @cached_property
    def levels(self) -> dict[str, float]:
        """The rates by name, from small to large."""
        return {f"{rate:g}": rate for rate in sorted(set(self.rates))}

    @property
    def descends(self) -> bool:
        """Whether it is plain gradient descent, of which 2/λ speaks."""
        return self.optimizer.name == "sgd" and not self.optimizer.options.get("momentum")

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """The valley at shares of its edge; the network at every rate; then a tenth of its best rate for ten times as long."""
        seeds = self.seeds or (5 if self.quick else 10)
        surface, walks, ends = SURFACES["valley"], [], []
        starts = surface.starts(range(10))
        for name, share in SHARES.items():
            one = walk(SGD(lr=share * EDGE), surface, starts, STEPS)
            log_f = np.log10(np.maximum(one.values, FLOOR))
            ends += [(name, share, start, float(log_f[-1, start] - log_f[0, start])) for start in range(len(starts))]
            points = one.points[:, 0]
            walks += [(name, step, x, y) for step, (x, y) in enumerate(points)]
        by_rate = compare_levels(
            [Level(name, self.at(rate)) for name, rate in self.levels.items()], ["optimizer.lr"], seeds, listen=listen
        )
        names = list(self.levels)
        losses = [[one.history.final("validation", "loss") for one in by_rate.arms[name]] for name in names]
        means = np.nan_to_num(np.mean(losses, axis=1), nan=np.inf)
        best = names[int(np.argmin(means))]
        rate = self.levels[best]
        slow = self.at(rate / LONG).change(epochs=LONG * self.base.epochs)
        longer = compare_levels(
            [Level(best, self.at(rate)), Level(TENTH, slow)], ["optimizer.lr", "epochs"], seeds, listen=listen
        )
        seeded = [with_seed(self.base, seed) for seed in by_rate.seeds]
        edges = [2 / abs(sharpness(prepare(one))) for one in seeded] if self.descends else [np.nan] * len(seeded)
        table = pd.DataFrame(
            {
                "seed": by_rate.seeds,
                "edge": edges,
                "largest": largest_that_learns(by_rate, names, list(self.levels.values())),
                "best": [list(self.levels.values())[i] for i in best_by_validation(by_rate, names)],
            }
        )
        drops = pd.DataFrame(ends, columns=["share_name", "share", "start", "change"])
        paths = pd.DataFrame(walks, columns=["share_name", "step", "x", "y"])
        return Evidence({"rates": by_rate, "slow": longer}, {"valley": drops, "network": table}, {"paths": paths})

    def at(self, rate: float) -> Recipe:
        """The network at one learning rate."""
        return self.base.change(**{"optimizer.lr": rate})

    def claims(self) -> Sequence[Claim]:
        """The edge of a valley; too small, too large, slow and sure on the network; where its own edge lies."""
        names, fill = list(self.levels), {"long": LONG, "steps": STEPS}
        small, large = names[0], names[-1]
        claims = [
            Claim("below-edge", _BELOW.fill(**fill), lambda e: _change(e, "below"), Range(below=0)),
            Claim("above-edge", _ABOVE.fill(**fill), lambda e: _change(e, "above"), Range(above=0)),
            Claim(
                "too-small",
                _SMALL.fill(rate=small),
                lambda e: difference(e.comparisons["rates"], small, _best(e)),
                Range(below=0),
            ),
            Claim(
                "too-large", _LARGE.fill(rate=large), lambda e: above_chance(e.comparisons["rates"], large), Range(below=0.05)
            ),
            Claim(
                "slow-is-as-good",
                _SLOW.fill(**fill),
                lambda e: difference(e.comparisons["slow"], TENTH, _best(e)),
                Range(least=-0.02, most=0.02),
                saying=True,
            ),
            Claim("best-is-largest", _LARGEST, lambda e: _ratio(e, "largest", "best", _OVER_BEST), Range(most=4), saying=True),
        ]
        if self.descends:
            claims.append(
                Claim("edge-at-start", _EDGE, lambda e: _ratio(e, "largest", "edge", _OVER_EDGE), Range(most=1), saying=True)
            )
        return claims

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The best rate, what smaller and larger ones come to, what patience buys."""
        found = self._found(evidence)
        return _VERDICT.fill(**found)

    def _found(self, evidence: Evidence) -> dict[str, Any]:
        """The numbers that verdict and titles speak of."""
        one, names = evidence.comparisons["rates"], list(self.levels)
        best, table = _best(evidence), evidence.tables["network"]
        losses = {name: np.array([arm.history.final("validation", "loss") for arm in one.arms[name]]) for name in names}
        shown = {name: number(float(np.exp(np.log(values).mean())), 2) for name, values in losses.items()}  # the geometric mean
        return {
            "loss_small": shown[names[0]], "loss_best": shown[best], "loss_large": shown[names[-1]], "epochs": self.base.epochs,
            "best": best, "small": names[0], "large": names[-1], "metric": METRICS[one.metric], "long": LONG,
            "reached": score(one, best).alone, "at_small": score(one, names[0]).alone, "at_large": score(one, names[-1]).alone,
            "patient": score(evidence.comparisons["slow"], TENTH).alone, "tenth": f"{self.levels[best] / LONG:.3g}",
            "edge": number(float(table["edge"].mean()), 2), "largest": number(float(table["largest"].max()), 3),
            **{name: number(float(10 ** _change(evidence, name).interval.mean), 2) for name in SHARES}, "steps": STEPS,
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The score by rate, the loss of some rates, the valley below and above its edge."""
        one, found = evidence.comparisons["rates"], self._found(evidence)
        by_rate, falling, valley = (text.fill(**found) for text in (_BY_RATE, _FALLING, _VALLEY))
        edge = float(np.log10(evidence.tables["network"]["edge"]).mean())

        def tent() -> Figure:
            rows = [(np.log10(rate), value) for name, rate in self.levels.items() for value in scores(one, name)]
            drawn = lines.interval(
                pd.DataFrame(rows, columns=["rate", "score"]),
                "rate",
                "score",
                title=by_rate,
                x_name=RATE,
                y_name=METRICS[one.metric],
            )
            logs = np.log10(list(self.levels.values()))
            rate_ticks(drawn, int(np.floor(logs.min() + 0.01)), int(np.ceil(logs.max() - 0.01)))
            if np.isfinite(edge):
                remarks.reference(drawn, edge, _EDGE_NAME, axis="x")
            return remarks.reference(drawn, one.chance, CHANCE)

        def losses() -> Figure:
            names, best = list(self.levels), _best(evidence)
            shown = dict.fromkeys([names[0], names[max(names.index(best) - 2, 0)], best, names[-1]])
            runs = {f"η = {name}": [arm.history for arm in one.arms[name]] for name in shown}
            return curves(runs, title=falling, y=_LOSS, what="loss", log=True)

        return [
            Drawn(by_rate, tent, _READ_BY_RATE),
            Drawn(falling, losses, _READ_FALLING),
            Drawn(valley, lambda: _from_above(evidence.traces["paths"], valley), _READ_VALLEY),
        ]

    def changes(self) -> Sequence[Change]:
        """Another optimizer, a deeper network, normalisation, other data."""
        return [
            Change(_TRY_ADAM, "whynet ask learning-rate --set 'optimizer=adam'"),
            Change(_TRY_DEEP, "whynet ask learning-rate --model 'mlp(widths=[64, 64, 64, 64])'"),
            Change(_TRY_NORM, "whynet ask learning-rate --model 'mlp(widths=[64], norm=batch)'"),
            Change(_TRY_DATA, "whynet ask learning-rate --data 'wine(scale=standard)' --set epochs=50"),
        ]


def _best(evidence: Evidence) -> str:
    return evidence.comparisons["slow"].baseline


def _change(evidence: Evidence, share: str) -> Measured:
    table = evidence.tables["valley"]
    return mean_of(table.loc[table["share_name"] == share, "change"].to_numpy(dtype=float), _ORDERS.fill(steps=STEPS))


def _ratio(evidence: Evidence, above: str, below: str, what: Text) -> Measured:
    table = evidence.tables["network"]
    return mean_of((table[above] / table[below]).to_numpy(dtype=float), what)


def _from_above(paths: pd.DataFrame, title: Text) -> Figure:
    """The first steps of one start over the valley's level lines."""
    surface = SURFACES["valley"]
    x, y = np.linspace(-5, 5, 200), np.linspace(-4, 4, 200)
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=-1))
    shown = {
        f"η = {share:g} · 2/λ": paths.loc[paths["share_name"] == name, ["x", "y"]].to_numpy(dtype=float)[:16]
        for name, share in SHARES.items()
    }
    return path_2d(x, y, surface(grid).numpy(), shown, title=title, minimum=surface.minimum)


_ORDERS = Text("change of log₁₀ f over {steps} steps, ten starts", "{steps}스텝 동안 log₁₀ f의 변화, 출발점 열 개")
_OVER_BEST = Text(
    "largest rate that learns, over the best rate of the seed", "학습이 되는 가장 큰 학습률 ÷ 그 시드의 가장 좋은 학습률"
)
_OVER_EDGE = Text("largest rate that learns, over 2/λ of the seed's start", "학습이 되는 가장 큰 학습률 ÷ 그 시드의 처음 2/λ")
_BELOW = Text(
    "In a valley of curvature λ, a rate 5 % below 2/λ still gets lower in {steps} steps.",
    "곡률 λ인 골짜기에서 학습률이 2/λ보다 5 % 작으면 {steps}스텝(step) 뒤에 더 낮은 곳에 이른다.",
)
_ABOVE = Text(
    "A rate 5 % above 2/λ climbs instead.",
    "학습률이 2/λ보다 5 % 크면 거꾸로 올라간다.",
)
_SMALL = Text(
    "At {rate} the network is behind the one at the best rate after equally many epochs.",
    "학습률 {rate}에서는 같은 에포크(epoch) 뒤에 가장 좋은 학습률보다 뒤처진다.",
)
_LARGE = Text(
    "At {rate} it stays within 0.05 of chance, or falls below.",
    "학습률 {rate}에서는 우연 수준(chance)보다 0.05 넘게 나아지지 않는다.",
)
_SLOW = Text(
    "A tenth of the best rate costs time only: after {long} times the epochs it comes within 2 points of the same score.",
    "가장 좋은 학습률의 10분의 1은 시간만 더 든다. {long}배의 에포크 뒤에는 2 %포인트 안에서 같은 성적이 나온다.",
)
_LARGEST = Text(
    "The best rate is nearly the largest that learns: less than a factor of 4 lies between.",
    "가장 좋은 학습률은 학습이 되는 가장 큰 값에 가깝다. 4배 넘게 차이 나지 않는다.",
)
_EDGE = Text(
    "No rate above 2/λ learns, λ being the greatest curvature of the training loss at the start.",
    "처음 훈련 손실의 가장 큰 곡률을 λ라 할 때, 2/λ보다 큰 학습률로는 학습이 되지 않는다.",
)
_VERDICT = Text(
    "Best at {best}: {metric} {reached}. At {small} {at_small}, at {large} {at_large}. At {tenth}, for {long} times as long, {patient}. "
    "The largest rate that learned something was {largest}. In the valley, f after {steps} steps is {below} of what it was at "
    "0.95 · 2/λ, and {above} times what it was at 1.05 · 2/λ.",
    "가장 좋은 학습률은 {best}: {metric} {reached}. {small}에서는 {at_small}, {large}에서는 {at_large}. {tenth:로} {long}배 오래 학습하면 "
    "{patient}. 조금이라도 학습이 된 가장 큰 학습률은 {largest}. 골짜기에서 {steps}스텝 뒤의 f는 0.95 · 2/λ에서 처음의 {below}배, "
    "1.05 · 2/λ에서 처음의 {above}배다.",
)
_BY_RATE = Text(
    "{metric} by learning rate: {at_small} at {small}, {reached} at {best}, {at_large} at {large}",
    "학습률에 따른 {metric}: {small}에서 {at_small}, {best}에서 {reached}, {large}에서 {at_large}",
)
_FALLING = Text(
    "Validation loss after {epochs} epochs: {loss_small} at {small}, {loss_best} at {best}, {loss_large} at {large}",
    "{epochs} 에포크 뒤의 검증 손실: {small}에서 {loss_small}, {best}에서 {loss_best}, {large}에서 {loss_large}",
)
_VALLEY = Text(
    "In the valley f becomes {below} of itself at 0.95 · 2/λ and {above} times itself at 1.05 · 2/λ in {steps} steps",
    "골짜기에서 {steps}스텝 뒤의 f: 0.95 · 2/λ에서는 처음의 {below}배, 1.05 · 2/λ에서는 {above}배",
)
_READ_BY_RATE = Text(
    "From left to right: too slow to get anywhere, then a wide stretch that works, then a cliff. The same networks, data and order at "
    "every rate.",
    "왼쪽부터: 너무 느려 나아가지 못하는 곳, 학습이 되는 넓은 구간, 그리고 절벽. 학습률마다 신경망, 데이터, 순서가 모두 같다.",
)
_READ_FALLING = Text(
    "Validation loss on a logarithmic scale. Slow and steady, fast, and lost look unlike each other within the first steps.",
    "로그 눈금의 검증 손실이다. 느린 것, 빠른 것, 길을 잃은 것은 처음 몇 스텝에서 벌써 달라 보인다.",
)
_READ_VALLEY = Text(
    "The first 15 steps. Just below the edge each step lands a little nearer on the other side, just above it a little farther.",
    "처음 15스텝이다. 한계 바로 아래에서는 걸음마다 건너편의 조금 더 가까운 곳에, 바로 위에서는 조금 더 먼 곳에 떨어진다.",
)
_LOSS = Text("validation loss", "검증 손실(validation loss)")
_EDGE_NAME = Text("2/λ at the start", "처음의 2/λ")
_TRY_ADAM = Text(
    "Adam divides by the size of the gradient: where is its cliff?", "Adam은 기울기의 크기로 나눈다. 절벽은 어디인가?"
)
_TRY_DEEP = Text("A deeper network: does the working stretch shrink?", "더 깊은 신경망: 학습이 되는 구간이 좁아지는가?")
_TRY_NORM = Text("Batch normalisation: does it move the cliff?", "배치 정규화(batch normalisation): 절벽이 옮겨 가는가?")
_TRY_DATA = Text("Other data: is the best rate the same?", "다른 데이터: 가장 좋은 학습률이 같은가?")
