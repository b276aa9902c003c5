"""Why does training follow the gradient, and no other direction?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from scipy import stats
from torch import Tensor

from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.figures import curves, relation
from whynet.figures.canvas import number
from whynet.figures.charts import remarks
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.mathematics.landscape import Landscape, directions, landscape
from whynet.questions.numbers import mean_of
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text

NETWORK = Spec("mlp", {"widths": [32]})
DESCENT = Spec("sgd", {"lr": 0.1})
SHORT = 1e-6  # a step so short that the loss along it is straight, and long enough for the digits of float64
EXAMPLES = 64  # over which the loss is taken
POWERS = tuple(range(-3, 4))  # learning rates of the single steps tried: 10⁻³ … 10³
LENGTHS = torch.logspace(-2, 1, 31, dtype=torch.float64)
TOP = 1.5  # times the loss at the start: what is higher leaves the picture
DOWN, DRAWN, EVEN = "gradient", "best of the random", "all weights alike"
NAMES = {
    DOWN: Text("against the gradient", "기울기의 반대"),
    DRAWN: Text("best random one", "무작위 중 최선"),
    EVEN: Text("every weight equally far", "모든 가중치를 같은 만큼"),
}


@register(
    "question",
    name="gradient-steepest",
    place=10,
    year=1847,
    source="Cauchy",
    en="Why does training follow the gradient, and no other direction?",
    ko="학습은 왜 다른 방향이 아니라 기울기(gradient)를 따라가는가?",
)
@dataclass(frozen=True)
class GradientSteepest(Question):
    """(L(w + h u) − L(w)) / h over random directions u of length 1, and at every angle to the gradient; L is a network's loss."""

    data: str | Spec = "digits"
    model: Spec = NETWORK
    directions: Annotated[int, Range(least=10, most=1_000_000)] | None = None  # drawn at random, for each seed
    epochs: Annotated[int, Range(least=1)] | None = None  # after which the training counts as over
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "The loss is a landscape over as many coordinates as there are weights. The gradient is the list of its slopes along "
            "each weight, and it holds the slope of every other direction too: that is the gradient's length times the cosine of "
            "the angle to it. A cosine is never above 1, so nothing climbs faster than the gradient, and nothing falls faster than "
            "its opposite; whoever turns the sign goes up.",
            "손실(loss)은 가중치의 수만큼 좌표가 있는 지형이다. 기울기(gradient)는 가중치마다의 경사를 모은 것인데, 다른 모든 방향의 "
            "경사도 그 안에 들어 있다. 어느 방향의 경사든 기울기의 길이에 사잇각의 코사인(cosine)을 곱한 값이다. 코사인은 1을 넘지 "
            "못하므로 기울기보다 빨리 오르는 방향은 없고, 그 반대보다 빨리 내려가는 방향도 없다. 부호를 뒤집으면 오르막으로 간다.",
        ),
        Text(
            "Guessing cannot replace it. Among many coordinates nearly all directions are at right angles to the gradient: the "
            "cosine of a random one is about 1/√P for P weights, and the best of ten thousand has about four times that.",
            "무작위로 골라서는 이를 대신할 수 없다. 좌표가 많으면 거의 모든 방향이 기울기와 직각에 가깝다. 가중치가 P개일 때 무작위 "
            "방향의 코사인은 1/√P 정도이고, 만 개 중 가장 좋은 것도 그 네 배쯤이다.",
        ),
        Text(
            "Three things it does not say. It speaks of steps short enough: a long one may end higher. It is blind to what lies "
            "beyond: the lowest point is rarely straight ahead. And steepest means steepest for steps of one length: measure "
            "length by the weight that moves most, and moving every weight equally far, by its gradient's sign, is steeper.",
            "기울기가 말해 주지 않는 것이 셋 있다. 첫째, 충분히 짧은 걸음에 대한 말이다. 긴 걸음은 더 높은 곳에서 끝날 수 있다. 둘째, 그 "
            "너머를 보지 못한다. 가장 낮은 곳이 똑바로 앞에 있는 일은 드물다. 셋째, 가장 가파르다는 것은 같은 길이의 걸음 중에서 그렇다는 "
            "뜻이다. 걸음의 길이를 가장 많이 움직인 가중치로 재면, 기울기의 부호를 따라 모든 가중치를 같은 만큼 움직이는 쪽이 더 가파르다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "∂L/∂u = ∇L · u = ‖∇L‖ cos θ,   ‖u‖ = 1,   −1 ≤ cos θ ≤ 1   (Cauchy–Schwarz)\n"
        "cos θ of a random u ≈ N(0, 1/P);   best of n: Φ⁻¹((n − 0.375)/(n + 0.25)) / √P\n"
        "max |u_i| ≤ 1:   the steepest u is sign ∇L, its slope Σ|∂L/∂w_i|   (Hölder)",
        "∂L/∂u = ∇L · u = ‖∇L‖ cos θ,   ‖u‖ = 1,   −1 ≤ cos θ ≤ 1   (Cauchy–Schwarz)\n"
        "무작위 u의 cos θ ≈ N(0, 1/P);   n개 중 가장 좋은 것: Φ⁻¹((n − 0.375)/(n + 0.25)) / √P\n"
        "max |u_i| ≤ 1:   가장 가파른 u는 sign ∇L, 그 경사는 Σ|∂L/∂w_i|   (Hölder)",
    )
    sources: ClassVar[Sequence[str]] = (
        "Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées (1847)",
        "Blom, Statistical estimates and transformed beta-variables (1958)",
        "Bernstein, Wang, Azizzadenesheli and Anandkumar, signSGD (2018)",
    )

    @property
    def base(self) -> Recipe:
        """The network whose loss is walked over."""
        return recipe(self.data, self.model, optimizer=DESCENT, epochs=self.epochs or (10 if self.quick else 30))

    @property
    def count(self) -> int:
        """How many random directions."""
        return self.directions or (2_000 if self.quick else 10_000)

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Slopes at the initial weights of every seed; then the training, to see where it ends."""
        seeds = self.seeds or (5 if self.quick else 10)
        trained = compare_levels([Level("trained", self.base)], ["optimizer"], seeds, listen=listen)
        rows, dots, walks = [], [], []
        for seed, one in zip(trained.seeds, trained.arms["trained"], strict=True):
            here = landscape(self.base, seed, EXAMPLES)
            row, cosines, slopes, best = self._slopes(here, seed)
            way = one.outcome.weights.double() - here.start
            rows.append({"seed": seed, **row, "towards_end": _cosine(-landscape(self.base, seed).gradient(here.start), way)})
            dots += [(seed, "random", c, s) for c, s in zip(cosines.tolist(), slopes.tolist(), strict=True)][:300]
            dots += [(seed, "chosen", c, s) for c, s in self._compass(here, best)]
            g = here.gradient(here.start)
            for name, way in ((DOWN, -g), (DRAWN, best), (EVEN, -g.sign())):
                walks += [
                    (seed, name, *at) for at in zip(LENGTHS.tolist(), here.along(_unit(way), LENGTHS).tolist(), strict=True)
                ]
        dotted = pd.DataFrame(dots, columns=["seed", "kind", "cosine", "slope"])
        table = pd.DataFrame(rows).assign(
            off=[float((part["slope"] - part["cosine"]).abs().max()) for _, part in dotted.groupby("seed")]
        )
        walked = pd.DataFrame(walks, columns=["seed", "direction", "length", "loss"])
        return Evidence({"trained": trained}, {"slopes": table}, {"directions": dotted, "walks": walked})

    def _slopes(self, here: Landscape, seed: int) -> tuple[dict[str, float], Tensor, Tensor, Tensor]:
        """What one seed's random directions and single steps come to; slopes are in units of ‖∇L‖."""
        g, level = here.gradient(here.start), here(here.start)
        size, length = len(g), g.norm()
        slopes, cosines, best, lowest = [], [], g, math.inf
        for ways in directions(self.count, size, seed):
            slopes.append((here.many(here.start + SHORT * ways) - level) / SHORT / length)
            cosines.append(ways @ g / length)
            if (least := slopes[-1].min().item()) < lowest:
                lowest, best = least, ways[slopes[-1].argmin()]
        rates = 10.0 ** torch.tensor(POWERS, dtype=torch.float64)
        after = here.along(-g, rates) / level
        by_most = [-g / g.abs().max(), -g.sign()]  # no weight moves by more than 1
        drops = (
            level - here.along(torch.stack(by_most)[0], torch.tensor([SHORT])),
            level - here.along(by_most[1], torch.tensor([SHORT])),
        )
        row = {
            "weights": size, "norm": length.item(), "loss": level.item(), "best": -lowest,
            "expected": float(stats.norm.ppf((self.count - 0.375) / (self.count + 0.25))) / math.sqrt(size),
            "worst_step": after.nan_to_num(nan=math.inf).max().item(), "of_sign": (drops[0] / drops[1]).item(),
        }  # fmt: skip
        return row, torch.cat(cosines), torch.cat(slopes), best

    def _compass(self, here: Landscape, other: Tensor) -> list[tuple[float, float]]:
        """Directions at 0°, 5°, … 180° to the gradient: their cosines and their slopes in units of ‖∇L‖."""
        g = here.gradient(here.start)
        up = _unit(g)
        across = _unit(other - (other @ up) * up)
        angles = torch.linspace(0, math.pi, 37, dtype=torch.float64)[:, None]
        slopes = (here.many(here.start + SHORT * (angles.cos() * up + angles.sin() * across)) - here(here.start)) / SHORT
        return list(zip(angles[:, 0].cos().tolist(), (slopes / g.norm()).tolist(), strict=True))

    def claims(self) -> Sequence[Claim]:
        """No direction is steeper; the cosine says how much less; and three things that are said beyond it."""
        return [
            Claim("none-better", _NONE.fill(n=self.count), lambda e: _of(e, "best", _OF_GRADIENT, "percent"), Range(below=1)),
            Claim(
                "best-of-many", _PREDICTED, lambda e: mean_of(_column(e, "best") / _column(e, "expected"), _TO_THEORY), TENTHS
            ),
            Claim("cosine", _COSINE, lambda e: _of(e, "off", _OFF), Range(least=0, below=1e-3)),
            Claim("always-down", _ALWAYS, lambda e: _of(e, "worst_step", _WORST), Range(below=1), saying=True),
            Claim(
                "towards-end",
                _TOWARDS,
                lambda e: _of(e, "towards_end", _COSINE_TO_END),
                Range(above=math.sqrt(0.5)),
                saying=True,
            ),
            Claim("any-ruler", _RULER, lambda e: _of(e, "of_sign", _OF_SIGN, "percent"), Range(least=1), saying=True),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How far guessing gets, what the cosine is worth, where the gradient does not point."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        cosine = float(_column(evidence, "towards_end").mean())
        walked = evidence.traces["walks"].groupby(["direction", "length"])["loss"].mean()
        start = float(_column(evidence, "loss").mean())
        lowest = {name: walked[name].idxmin() for name in NAMES}
        return {
            "n": self.count, "weights": int(_column(evidence, "weights")[0]),
            "best": _of(evidence, "best", _OF_GRADIENT, "percent").alone, "off": number(float(_column(evidence, "off").max()), 2),
            "angle": number(math.degrees(math.acos(max(-1.0, min(1.0, cosine)))), 2),
            "worst": number(float(_column(evidence, "worst_step").mean()), 2), "most": f"{10.0 ** POWERS[-1]:g}",
            "sign": _of(evidence, "of_sign", _OF_SIGN, "percent").alone,
            "start": number(start), "lowest": number(float(walked[DOWN].min())), "at": number(float(lowest[DOWN]), 2),
            "drawn": number(float(walked[DRAWN].min())),
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Slope against cosine; the loss along three directions."""
        found = self._found(evidence)
        dots, walks = evidence.traces["directions"], evidence.traces["walks"]
        slope, along = _SLOPES.fill(**found), _ALONG.fill(**found)

        def slopes() -> Figure:
            by = dots["kind"].map({"random": str(_RANDOM), "chosen": str(_CHOSEN)})
            return relation(dots, "cosine", "slope", title=slope, by=by, x_name=_COSINE_AXIS, y_name=_SLOPE_AXIS)

        def walk() -> Figure:
            lines = {
                str(NAMES[name]): [
                    (np.log10(part["length"].to_numpy()), _capped(part["loss"].to_numpy(dtype=float)))
                    for _, part in walks[walks["direction"] == name].groupby("seed")
                ]
                for name in NAMES
            }
            drawn = curves(lines, title=along, x=_LENGTH, y=_LOSS)
            return remarks.ticks(drawn, {power: number(10.0**power) for power in range(-2, 2)})

        return [Drawn(slope, slopes, _READ_SLOPES), Drawn(along, walk, _READ_ALONG)]

    def changes(self) -> Sequence[Change]:
        """More guesses, more weights, no hidden layer, values to predict."""
        return [
            Change(_TRY_MORE, "whynet ask gradient-steepest --set directions=100000"),
            Change(_TRY_WIDE, "whynet ask gradient-steepest --model 'mlp(widths=[2])' --data iris"),
            Change(_TRY_LINEAR, "whynet ask gradient-steepest --data ice_cream --model linear_regression"),
        ]


TENTHS = Range(least=0.75, most=1.25)  # the best of thousands varies by about a tenth from sample to sample


def _unit(way: Tensor) -> Tensor:
    return way / way.norm()


def _capped(losses: np.ndarray) -> np.ndarray:
    return np.minimum(np.nan_to_num(losses, nan=np.inf), TOP * losses[0])


def _cosine(a: Tensor, b: Tensor) -> float:
    return float(_unit(a) @ _unit(b))


def _column(evidence: Evidence, name: str) -> np.ndarray:
    return evidence.tables["slopes"][name].to_numpy(dtype=float)


def _of(evidence: Evidence, name: str, what: Text, style: str = "number") -> Measured:
    return mean_of(_column(evidence, name), what, "percent" if style == "percent" else "number")


_OF_GRADIENT = Text("steepest random direction, of the gradient's slope", "무작위 방향 중 가장 가파른 것, 기울기의 경사 대비")
_TO_THEORY = Text("measured, divided by what theory expects", "잰 값 나누기 이론이 예상하는 값")
_OFF = Text("largest |slope / ‖∇L‖ − cos θ|", "가장 큰 |경사 / ‖∇L‖ − cos θ|")
_WORST = Text("loss after the worst single step, of the loss before", "가장 나쁜 한 걸음 뒤의 손실, 걸음 전 대비")
_COSINE_TO_END = Text(
    "cosine between the first descent and the way to the trained weights", "첫 내리막과 학습된 가중치 쪽 사이의 코사인"
)
_OF_SIGN = Text("drop along the gradient, of the drop along its sign", "기울기 방향으로 줄어든 손실, 부호 방향 대비")
_NONE = Text("None of {n} random directions is as steep as the gradient.", "무작위 방향 {n}개 중 기울기만큼 가파른 것은 없다.")
_PREDICTED = Text(
    "The steepest of them has the cosine that theory expects of so many guesses, within a quarter.",
    "그중 가장 가파른 방향의 코사인은 그만큼 많이 뽑을 때 이론이 예상하는 값과 25 % 안에서 같다.",
)
_COSINE = Text(
    "At every angle the slope is the gradient's length times the cosine, within a thousandth.",
    "어느 각도에서든 경사는 기울기의 길이 곱하기 코사인이다(1000분의 1 안에서).",
)
_ALWAYS = Text(
    "A step against the gradient lowers the loss, whatever the learning rate from 0.001 to 1000.",
    "기울기의 반대로 가면 학습률(learning rate)이 0.001에서 1000 사이의 무엇이든 손실이 줄어든다.",
)
_TOWARDS = Text(
    "The first gradient points to where training ends, within 45°.", "첫 기울기는 학습이 끝나는 곳을 45° 안에서 가리킨다."
)
_RULER = Text(
    "The gradient is the steepest direction however the length of a step is measured, by its largest coordinate too.",
    "걸음의 길이를 어떻게 재든, 가장 큰 좌표로 재더라도, 가장 가파른 방향은 기울기다.",
)
_VERDICT = Text(
    "Among {n} random directions in {weights} dimensions the best reaches {best} of the gradient's slope. At every angle the slope "
    "is ‖∇L‖ cos θ, to within {off}. Seen from the start, the trained weights lie {angle}° off the first descent. One step at the "
    "worst learning rate up to {most} makes the loss {worst} times what it was. Among steps whose largest coordinate is equal, the "
    "gradient lowers the loss by {sign} of what its sign does.",
    "{weights}차원의 무작위 방향 {n}개 중 가장 좋은 것은 경사가 기울기의 {best}다. 어느 각도에서든 경사는 ‖∇L‖ cos θ이고, 차이는 {off} "
    "이하다. 출발점에서 보면 학습된 가중치는 첫 내리막에서 {angle}° 벗어난 쪽에 있다. {most} 이하에서 가장 나쁜 학습률로 한 걸음 가면 "
    "손실이 {worst}배가 된다. 가장 큰 좌표가 같은 걸음끼리 견주면, 기울기를 따를 때 줄어드는 손실은 그 부호를 따를 때의 {sign}다.",
)
_SLOPES = Text(
    "Slope is ‖∇L‖ cos θ to within {off}; the best of {n} random directions reaches {best} of the gradient",
    "경사는 {off} 안에서 ‖∇L‖ cos θ다. 무작위 방향 {n}개 중 최선은 기울기의 {best}",
)
_ALONG = Text(
    "Against the gradient the loss falls from {start} to {lowest} at best, in one step of length {at}; best random: {drawn}",
    "기울기의 반대로 한 걸음 가면 손실은 {start}에서 기껏해야 {lowest:로}(길이 {at}), 무작위 중 최선은 {drawn}",
)
_READ_SLOPES = Text(
    "Random directions crowd around a cosine of zero. The other points are directions chosen at 0°, 5°, … 180° to the gradient; "
    "their slopes were measured by a short step, not computed from the gradient.",
    "무작위 방향은 코사인 0 둘레에 몰린다. 나머지 점은 기울기와 0°, 5°, … 180°를 이루도록 고른 방향이다. 경사는 기울기로 계산하지 않고 "
    "짧은 걸음으로 쟀다.",
)
_READ_ALONG = Text(
    "One step from the initial weights, by its length. Short steps: the gradient is the best. Long steps: the loss can rise beyond "
    "where it began.",
    "처음 가중치에서 한 걸음. 걸음이 짧으면 기울기가 가장 좋다. 길면 손실이 출발점보다 높아질 수 있다.",
)
_RANDOM, _CHOSEN = Text("random", "무작위"), Text("chosen angle", "고른 각도")
_COSINE_AXIS = Text("cosine of the angle to the gradient", "기울기와의 사잇각의 코사인(cosine)")
_SLOPE_AXIS = Text("slope of the loss, in units of ‖∇L‖", "손실의 경사, 단위 ‖∇L‖")
_LENGTH = Text("length of the step ‖Δw‖", "걸음의 길이 ‖Δw‖")
_LOSS = Text("loss after the step, up to 1.5 times the first", "걸음 뒤의 손실, 처음의 1.5배까지만")
_TRY_MORE = Text("Ten times the guesses: how much better is the best?", "무작위 방향을 10배로: 최선이 얼마나 나아지는가?")
_TRY_WIDE = Text("Few weights: does guessing catch up?", "가중치가 적을 때: 무작위가 따라잡는가?")
_TRY_LINEAR = Text(
    "A bowl with one lowest point: does the gradient point at it?", "밑바닥이 하나인 그릇: 기울기가 그곳을 가리키는가?"
)
