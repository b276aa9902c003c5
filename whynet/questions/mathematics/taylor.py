"""How well do a few derivatives foretell a function?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from whynet.experiment.statistics import interval
from whynet.figures import curves
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Claim, Judged, Measured, Style, exactly
from whynet.questions.evidence import Evidence
from whynet.questions.mathematics.landscape import Landscape, landscape
from whynet.questions.mathematics.series import Function, derivatives, errors, exponents, polynomial
from whynet.questions.numbers import mean_of
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, plain

SMOOTH = Spec("mlp", {"widths": [32], "activation": "tanh"})
KINKED = Spec("mlp", {"widths": [32], "activation": "relu"})
KNOWN: Mapping[str, tuple[Function, float]] = {  # each at a point where no derivative up to the fifth is zero
    "exp": (torch.exp, 0.0),
    "sin": (torch.sin, 1.0),
    "ln(1 + x)": (torch.log1p, 0.0),
    "sigmoid": (torch.sigmoid, 1.0),
    "tanh": (torch.tanh, 1.0),
}
ORDER = 4
HALVINGS = tuple(2.0**-k for k in range(2, 7))  # distances on the known functions
RATES = tuple(2.0**-k for k in range(1, 6))  # distances on the loss, as learning rates of one step
EXAMPLES = 64
CLOSE = Range(least=0, below=0.25)  # of an exponent: far from that of the next order, near enough for distances this large
INSIDE, OUTSIDE, MANY = 0.5, 1.5, 10  # on either side of 1, how far the series of ln(1 + x) carries


@register(
    "question",
    name="taylor",
    place=20,
    year=1715,
    source="Taylor",
    en="How well do a few derivatives foretell a function, and the loss after a step?",
    ko="도함수 몇 개로 함수를, 그리고 한 걸음 뒤의 손실(loss)을 얼마나 잘 내다볼 수 있는가?",
)
@dataclass(frozen=True)
class Taylor(Question):
    """|f(a + h) − T_n(a + h)| over h, for known functions and for a network's loss L(w − η ∇L) as a function of η."""

    data: str | Spec = "digits"
    model: Spec = SMOOTH
    rate: Annotated[float, Range(above=0)] = 0.1  # the learning rate at which the straight line is judged
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Close enough, every smooth function looks like a straight line; a little further off like a parabola, then like a "
            "cubic. The Taylor polynomial of order n agrees with the function in its value and its first n derivatives, so what it "
            "misses starts with the power n + 1: halve the distance, and the error falls to 1/2ⁿ⁺¹.",
            "매끄러운 함수는 충분히 가까이에서 보면 직선 같고, 조금 떨어져서 보면 포물선, 그다음에는 3차 곡선 같다. n차 테일러 "
            "다항식(Taylor polynomial)은 함숫값과 n차까지의 도함수가 함수와 같으므로, 놓치는 것은 n + 1제곱부터다. 거리를 반으로 줄이면 "
            "오차가 1/2ⁿ⁺¹로 줄어든다.",
        ),
        Text(
            "Gradient descent trusts the line: it foretells that a step of learning rate η lowers the loss by η‖∇L‖². Newton's "
            "method trusts the parabola, whose lowest point says how long the step should be.",
            "경사 하강법(gradient descent)은 직선을 믿는다. 학습률(learning rate) η로 한 걸음 가면 손실이 η‖∇L‖²만큼 준다는 것이다. "
            "뉴턴법(Newton's method)은 포물선을 믿는다. 그 가장 낮은 점이 걸음의 길이를 알려 준다.",
        ),
        Text(
            "Two limits. A series may carry only so far: that of ln(1 + x) no further than 1, since the function breaks at −1, and "
            "beyond it more terms make matters worse. And a kink has no second derivative: a loss made of ReLUs bends at every "
            "kink it crosses, and terms beyond the first know nothing of these.",
            "한계가 둘 있다. 급수가 닿는 거리에는 끝이 있을 수 있다. ln(1 + x)는 −1에서 끊어지므로 그 급수는 1까지만 닿고, 그 너머에서는 "
            "항을 늘릴수록 나빠진다. 또 꺾인 곳에는 2차 도함수가 없다. ReLU로 된 손실은 꺾인 곳을 지날 때마다 휘는데, "
            "1차보다 높은 항은 이를 알지 못한다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "T_n(a + h) = Σ_{k ≤ n} f⁽ᵏ⁾(a) hᵏ / k!,   f − T_n = f⁽ⁿ⁺¹⁾(ξ) hⁿ⁺¹ / (n + 1)!   (Lagrange)\n"
        "L(w − η g) ≈ L − η ‖g‖² + η²/2 · gᵀH g,   lowest at η* = ‖g‖² / gᵀH g\n"
        "ln(1 + x) = x − x²/2 + x³/3 − …   for −1 < x ≤ 1",
        "T_n(a + h) = Σ_{k ≤ n} f⁽ᵏ⁾(a) hᵏ / k!,   f − T_n = f⁽ⁿ⁺¹⁾(ξ) hⁿ⁺¹ / (n + 1)!   (Lagrange)\n"
        "L(w − η g) ≈ L − η ‖g‖² + η²/2 · gᵀH g,   가장 낮은 곳은 η* = ‖g‖² / gᵀH g\n"
        "ln(1 + x) = x − x²/2 + x³/3 − …   (−1 < x ≤ 1일 때)",
    )
    sources: ClassVar[Sequence[str]] = (
        "Taylor, Methodus incrementorum directa et inversa (1715)",
        "Lagrange, Théorie des fonctions analytiques (1797)",
        "LeCun, Bottou, Orr and Müller, Efficient BackProp (1998)",
    )

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Errors by order and distance: of the known functions, of the network's loss, of a network with ReLU."""
        known = [("known", name, HALVINGS, errors(of, at, HALVINGS, ORDER)) for name, (of, at) in KNOWN.items()]
        rows, walks = [], []
        for seed in range(self.seeds or (5 if self.quick else 10)):
            for kind, model in (("model", self.model), ("relu", KINKED)):
                here = landscape(recipe(self.data, model), seed, EXAMPLES)
                down = -here.gradient(here.start)

                def loss(rate: Tensor, here: Landscape = here, down: Tensor = down) -> Tensor:
                    return here(here.start + rate * down)

                known.append((kind, str(seed), RATES, errors(loss, 0.0, RATES, ORDER)))
                if kind == "model":
                    rows.append((seed, *self._trusting(loss, here, down)))
        for kind, name, distances, off in known:
            walks += [(kind, name, h, n, off[i, n]) for i, h in enumerate(distances) for n in range(ORDER + 1)]
        found = [(kind, name, n, p) for kind, name, h, off in known for n, p in enumerate(exponents(h, off))]
        series = derivatives(torch.log1p, 0.0, MANY)
        places = np.array([INSIDE, OUTSIDE])
        missed = {n: np.abs(polynomial(series, places, n) - np.log1p(places)) for n in range(1, MANY + 1)}
        tables = {
            "exponents": pd.DataFrame(found, columns=["kind", "name", "order", "exponent"]),
            "steps": pd.DataFrame(rows, columns=["seed", "foretold", "fall", "parabola", "best"]),
            "logarithm": pd.DataFrame([(n, *values) for n, values in missed.items()], columns=["order", "inside", "outside"]),
        }
        return Evidence(tables=tables, traces={"errors": pd.DataFrame(walks, columns=["kind", "name", "h", "order", "error"])})

    def _trusting(self, loss: Function, here: Landscape, down: Tensor) -> tuple[float, float, float, float]:
        """How far the loss should fall by the line and how far it does; how far by the parabola's best step, and at most."""
        value, slope, bend = derivatives(loss, 0.0, 2)
        lengths = torch.cat([torch.tensor([self.rate, -slope / bend if bend > 0 else 0.0]), torch.logspace(-3, 3, 241)])
        falls = value - here.along(down, lengths.double()).nan_to_num(nan=np.inf)
        return -self.rate * slope, float(falls[0]), float(falls[1]), float(falls[1:].max())

    def claims(self) -> Sequence[Claim]:
        """The power of the error; how far it carries; what a line and a parabola know of the loss."""
        rate = {"rate": f"{self.rate:g}", "inside": INSIDE, "outside": OUTSIDE, "many": MANY}
        tenth = Range(least=0.9, most=1.1)
        return [
            Claim("known", _KNOWN, lambda e: exactly(float(_off(e, "known").max()), _OFF), CLOSE),
            Claim("loss", _OF_LOSS, lambda e: mean_of(_off(e, "model"), _OFF_MEDIAN), CLOSE),
            Claim("relu", _OF_RELU, lambda e: mean_of(_off(e, "relu"), _OFF_MEDIAN), CLOSE, saying=True),
            Claim("inside", _INSIDE.fill(**rate), lambda e: _gain(e, "inside"), Range(below=0.01)),
            Claim("more-terms", _OUTSIDE.fill(**rate), lambda e: _gain(e, "outside"), Range(below=1), saying=True),
            Claim("line", _LINE.fill(**rate), lambda e: _ratio(e, "foretold", "fall", _FORETOLD), tenth, saying=True),
            Claim(
                "parabola", _PARABOLA, lambda e: _ratio(e, "parabola", "best", _BEST, "percent"), Range(least=0.9), saying=True
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The powers found, and what line and parabola were worth on the loss."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        table = evidence.tables["exponents"]
        mean = table.groupby(["kind", "order"])["exponent"].mean()
        log = evidence.tables["logarithm"]
        return {
            **{kind: ", ".join(number(float(mean[kind, n]), 2) for n in range(ORDER + 1)) for kind in ("known", "model", "relu")},
            "name": plain(str(self.model)), "rate": f"{self.rate:g}", "many": MANY, "inside": INSIDE, "outside": OUTSIDE,
            "line": _ratio(evidence, "foretold", "fall", _FORETOLD).alone,
            "parabola": _ratio(evidence, "parabola", "best", _BEST, "percent").alone,
            **{f"{at}_{n}": number(float(log.loc[log["order"] == n, at].iloc[0]), 2) for at in ("inside", "outside") for n in (1, MANY)},
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The error by distance for the smooth and the kinked loss; the series that ends at 1."""
        found, walked = self._found(evidence), evidence.traces["errors"]
        smooth, kinked, ends = _SMOOTH.fill(**found), _KINKS.fill(**found), _ENDS.fill(**found)
        return [
            Drawn(smooth, lambda: _by_distance(walked[walked["kind"] == "model"], smooth), _READ_POWERS),
            Drawn(kinked, lambda: _by_distance(walked[walked["kind"] == "relu"], kinked), _READ_KINKS),
            Drawn(ends, lambda: _logarithm(ends), _READ_ENDS),
        ]

    def changes(self) -> Sequence[Change]:
        """A larger rate, a steeper activation, a loss that is a parabola."""
        return [
            Change(_TRY_RATE, "whynet ask taylor --set rate=1"),
            Change(_TRY_SIGMOID, "whynet ask taylor --model 'mlp(widths=[32], activation=sigmoid)'"),
            Change(_TRY_LINEAR, "whynet ask taylor --data ice_cream --model linear_regression"),
        ]


def _off(evidence: Evidence, kind: str) -> np.ndarray:
    """|p − (n + 1)|: the largest over orders of each function, the median of each seed's loss, where one may pass by zero."""
    table = evidence.tables["exponents"]
    table = table[table["kind"] == kind].dropna()
    by_name = (table["exponent"] - table["order"] - 1).abs().groupby(table["name"])
    return (by_name.max() if kind == "known" else by_name.median()).to_numpy(dtype=float)


def _gain(evidence: Evidence, at: str) -> Measured:
    """The error of many terms, of that of one."""
    off = evidence.tables["logarithm"][at].to_numpy(dtype=float)
    return exactly(float(off[-1] / off[0]), _OF_ONE)


def _ratio(evidence: Evidence, above: str, below: str, what: Text, style: Style = "number") -> Measured:
    table = evidence.tables["steps"]
    most = 1.0 if style == "percent" else None
    return Measured(interval((table[above] / table[below]).to_numpy(dtype=float), bounds=(None, most)), what, style)


def _by_distance(walked: pd.DataFrame, title: Text) -> Figure:
    """One line for each order, a thin one for each seed."""
    runs = {
        str(_TERM.fill(n=n)): [
            (np.log2(one["h"].to_numpy()), one["error"].to_numpy(dtype=float)) for _, one in part.groupby("name")
        ]
        for n, part in walked.sort_values("h").groupby("order")
        if part["error"].notna().any()
    }
    drawn = curves(runs, title=title, x=_RATE, y=_ERROR, log=True)
    return remarks.ticks(drawn, {float(np.log2(h)): number(h) for h in RATES})


def _logarithm(title: Text) -> Figure:
    x = np.linspace(-0.9, 1.6, 126)
    series = derivatives(torch.log1p, 0.0, MANY)
    table = pd.DataFrame({"x": x, "ln(1 + x)": np.log1p(x)})
    names = ["ln(1 + x)"]
    for n in (1, 2, 5, MANY):
        names.append(str(_TERM.fill(n=n)))
        values = polynomial(series, x, n)
        table[names[-1]] = np.where(np.abs(values) < 3, values, np.nan)
    return remarks.reference(lines.trend(table, "x", names, title=title, x_name="x", y_name=_VALUE), 1.0, _RADIUS, axis="x")


_OFF = Text("largest |p − (n + 1)| of error ∝ hᵖ, orders 0 to 4", "오차 ∝ hᵖ에서 가장 큰 |p − (n + 1)|, 0차에서 4차까지")
_OFF_MEDIAN = Text("median |p − (n + 1)| of error ∝ hᵖ, orders 0 to 4", "오차 ∝ hᵖ에서 |p − (n + 1)|의 중앙값, 0차에서 4차까지")
_OF_ONE = Text("error of ten terms, of that of one", "열 항의 오차, 한 항의 오차 대비")
_FORETOLD = Text("foretold fall of the loss, of the real one", "내다본 손실 감소량, 실제 대비")
_BEST = Text(
    "fall at the parabola's lowest point, of the best one along the line",
    "포물선의 최저점에서 준 손실, 그 방향에서 가장 많이 줄 때 대비",
)
_KNOWN = Text(
    "For exp, sin, ln, sigmoid and tanh the error of order n grows with the power n + 1.",
    "exp, sin, ln, sigmoid, tanh에서 n차의 오차는 거리의 n + 1제곱으로 커진다.",
)
_OF_LOSS = Text("So does that of the network's loss along its gradient.", "기울기를 따라 잰 신경망의 손실도 그렇다.")
_OF_RELU = Text("So does that of a network with ReLU.", "ReLU를 쓴 신경망도 그렇다.")
_INSIDE = Text(
    "For ln(1 + x) at x = {inside}, {many} terms have less than a hundredth of the error of one.",
    "x = {inside}에서 ln(1 + x)는 항 {many}개면 오차가 항 하나일 때의 100분의 1보다 작다.",
)
_OUTSIDE = Text(
    "The more terms the better: at x = {outside} too, {many} are closer than one.",
    "항은 많을수록 좋다. x = {outside}에서도 {many}개가 하나보다 가깝다.",
)
_LINE = Text(
    "At a learning rate of {rate}, the gradient alone foretells how far the loss falls, within a tenth.",
    "학습률 {rate}에서는 기울기(gradient)만으로 손실이 얼마나 줄지 10 % 안에서 내다볼 수 있다.",
)
_PARABOLA = Text(
    "The second derivative says how long a step should be: at the parabola's lowest point the loss falls by at least nine tenths of "
    "what any step along the gradient brings.",
    "2차 도함수는 걸음의 길이를 알려 준다. 포물선의 최저점에서 손실은 기울기를 따라 줄 수 있는 만큼의 90 % 이상 준다.",
)
_VERDICT = Text(
    "Error ∝ hᵖ for orders 0 to 4: on known functions p = {known}; on the loss of {name} p = {model}; with ReLU p = {relu}. "
    "At learning rate {rate} the line foretold {line} times the real fall; at the parabola's lowest point came {parabola} of the best "
    "fall. For ln(1 + x) the error goes from {inside_1} with one term to {inside_10} with {many} at x = {inside}, and from {outside_1} to "
    "{outside_10} at x = {outside}.",
    "0차에서 4차까지 오차 ∝ hᵖ의 p: 알려진 함수 {known}; {name}의 손실 {model}; ReLU 신경망 {relu}. 학습률 {rate}에서 직선이 내다본 "
    "감소량은 실제의 {line}배, 포물선의 최저점에서 준 손실은 가장 많이 줄 때의 {parabola}다. ln(1 + x)의 항을 "
    "하나에서 {many}개로 늘릴 때의 오차: x = {inside}에서 {inside_1} → {inside_10}, x = {outside}에서 {outside_1} → {outside_10}.",
)
_SMOOTH = Text(
    "Error of the foretold loss ∝ ηᵖ with p = {model} for orders 0 to 4", "내다본 손실의 오차 ∝ ηᵖ, 0차에서 4차까지 p = {model}"
)
_KINKS = Text("With ReLU: error ∝ ηᵖ with p = {relu} for orders 0 to 4", "ReLU일 때: 오차 ∝ ηᵖ, 0차에서 4차까지 p = {relu}")
_ENDS = Text(
    "ln(1 + x) by {many} terms instead of one: error {inside_10} instead of {inside_1} at {inside}, {outside_10} instead of "
    "{outside_1} at {outside}",
    "ln(1 + x)의 항을 하나에서 {many}개로: 오차는 {inside}에서 {inside_1} → {inside_10}, {outside}에서 {outside_1} → {outside_10}",
)
_READ_POWERS = Text(
    "Both axes are logarithmic: a straight line of slope p is an error ∝ ηᵖ. Each order more is steeper by one.",
    "두 축 모두 로그다. 기울기가 p인 직선은 오차 ∝ ηᵖ라는 뜻이다. 차수가 하나 오를 때마다 1만큼 가팔라진다.",
)
_READ_KINKS = Text(
    "The same with ReLU. Lines that lie on each other: terms of higher order that bring nothing.",
    "ReLU로 같은 것을 쟀다. 겹친 선은 높은 차수의 항이 보태는 것이 없다는 뜻이다.",
)
_READ_ENDS = Text(
    "Left of the dotted line more terms come closer, right of it they run away. Lines end where they leave the picture.",
    "점선 왼쪽에서는 항을 늘릴수록 가까워지고, 오른쪽에서는 달아난다. 그림을 벗어나는 곳에서 선이 끝난다.",
)
_TERM = Text("order {n}", "{n}차")
_RATE = Text("learning rate η of one step", "한 걸음의 학습률 η")
_ERROR = Text("error of the foretold loss", "내다본 손실의 오차")
_VALUE = Text("value", "값")
_RADIUS = Text("how far it carries", "급수가 닿는 끝")
_TRY_RATE = Text("A rate ten times as large: is the line still right?", "학습률을 10배로: 직선이 여전히 맞는가?")
_TRY_SIGMOID = Text("Sigmoids: a loss that bends more.", "시그모이드(sigmoid): 더 많이 휘는 손실.")
_TRY_LINEAR = Text("A loss that is a parabola: order 2 says all.", "포물선인 손실: 2차가 전부를 말한다.")
