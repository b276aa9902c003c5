"""How does a network learn what each of its weights has to do with the error?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, cast

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.figures import curves
from whynet.figures.canvas import number
from whynet.figures.charts import remarks
from whynet.questions.claim import Claim, Judged, Measured, exactly
from whynet.questions.evidence import Evidence
from whynet.questions.mathematics.backpropagation import (
    SCALAR,
    Activation,
    Found,
    by_autograd,
    by_differences,
    by_hand,
    by_matrices,
    taken_apart,
)
from whynet.questions.mathematics.landscape import Landscape, landscape
from whynet.questions.numbers import mean_of
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import recipe
from whynet.registry import Range, canonical, register
from whynet.spec import Spec
from whynet.text import Text, join

NETWORK = Spec("mlp", {"widths": [16, 16], "activation": "tanh"})
EXAMPLES = 8
STEP, SMALLEST = 1e-5, 1e-12  # of the differences: near the best in float64, and far below it
STEPS = tuple(10.0**-k for k in range(1, 13))
SAMPLED = 64  # weights whose differences are tried at every step
REPEATS = 3  # of a timing; the fastest counts, the others were disturbed
HAND, MATRICES, AUTOGRAD, DIFFERENCES = "hand", "matrices", "autograd", "differences"
NAMES = {
    HAND: Text("by hand", "손으로"),
    MATRICES: Text("by matrices", "행렬로"),
    AUTOGRAD: Text("autograd", "자동 미분(autograd)"),
    DIFFERENCES: Text("differences", "수치 미분(차분)"),
}


@register(
    "question",
    name="chain-rule",
    place=30,
    year=1970,
    source="Linnainmaa (1970); Rumelhart, Hinton and Williams (1986)",
    en="How does a network find out what each weight has to do with the error?",
    ko="신경망은 가중치 하나하나가 오차에 얼마나 책임이 있는지 어떻게 알아내는가?",
)
@dataclass(frozen=True)
class ChainRule(Question):
    """∇L of one network in four ways that share no code: how far they differ, and how many multiplications each takes.

    ``model``: an mlp of linear layers with tanh, sigmoid or relu. Raises `OptionError` where it is another.
    """

    data: str | Spec = "digits"
    model: Spec = NETWORK
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A weight moves its unit, the unit moves those after it, and these move the loss. The chain rule says: multiply the "
            "slopes along each path, add over the paths. There are more paths than could ever be followed one by one, but they "
            "share their ends. So start at the loss: find how it depends on the last layer, from that on the one before, and so "
            "on. This is backpropagation. Every connection is used once forward and at most twice on the way back.",
            "가중치는 자신의 유닛을 움직이고, 유닛은 다음 유닛들을, 그것들은 손실(loss)을 움직인다. 연쇄 법칙(chain rule)은 이렇게 말한다. "
            "경로를 따라 기울기를 곱하고, 경로끼리는 더한다. 경로는 하나씩 따라가기에 너무 많지만 끝부분을 함께 쓴다. 그래서 손실에서 "
            "시작한다. 손실이 마지막 층에 어떻게 달려 있는지 구하고, 그것으로 앞 층을, 또 그 앞 층을 구한다. 이것이 "
            "역전파(backpropagation)다. 연결 하나는 앞으로 한 번, 되돌아오며 많아야 두 번 쓰인다.",
        ),
        Text(
            "Without it there is another way: move one weight a little, look how the loss changes, and do so for every weight. That "
            "takes two passes for each weight instead of a few for all. It is a good check nonetheless, if the step is right: too "
            "long, and the function bends; too short, and the difference drowns in the computer's rounding.",
            "이것 없이 구하는 길도 있다. 가중치 하나를 조금 움직여 손실이 어떻게 변하는지 보고, 이를 모든 가중치에 되풀이한다. "
            "전체에 몇 번이면 될 계산이 가중치마다 두 번씩 든다. 그래도 걸음만 알맞으면 좋은 검산이다. 걸음이 너무 길면 함수가 휘고, "
            "너무 짧으면 차이가 컴퓨터의 반올림에 묻힌다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "z_l = W_l h_{l−1} + b_l,   h_l = f(z_l),   δ_l = ∂L/∂z_l\n"
        "δ_{l−1} = f'(z_{l−1}) ⊙ W_lᵀ δ_l,   ∂L/∂W_l = δ_l h_{l−1}ᵀ,   ∂L/∂b_l = δ_l\n"
        "cost: forward Σ n_{l−1} n_l;   backward twice that, less n_0 n_1 (nobody asks for ∂L/∂x)\n"
        "(L(w + h) − L(w − h)) / 2h = L' + L''' h²/6 ± ε L/h,   best h ~ ∛ε: 10⁻⁵ in float64, 10⁻² in float32",
        "z_l = W_l h_{l−1} + b_l,   h_l = f(z_l),   δ_l = ∂L/∂z_l\n"
        "δ_{l−1} = f'(z_{l−1}) ⊙ W_lᵀ δ_l,   ∂L/∂W_l = δ_l h_{l−1}ᵀ,   ∂L/∂b_l = δ_l\n"
        "비용: 순전파 Σ n_{l−1} n_l;   역전파는 그 두 배에서 n_0 n_1을 뺀 만큼 (∂L/∂x는 아무도 묻지 않는다)\n"
        "(L(w + h) − L(w − h)) / 2h = L' + L''' h²/6 ± ε L/h,   가장 좋은 h ~ ∛ε: float64에서 10⁻⁵, float32에서 10⁻²",
    )
    sources: ClassVar[Sequence[str]] = (
        "Linnainmaa, The representation of the cumulative rounding error of an algorithm (1970)",
        "Rumelhart, Hinton and Williams, Learning representations by back-propagating errors (1986)",
        "Baur and Strassen, The complexity of partial derivatives (1983)",
        "Griewank and Walther, Evaluating derivatives (2008)",
    )

    def __post_init__(self) -> None:
        """Check that the network can be written out by hand. Raises `OptionError`."""
        options = canonical("model", self.model).options if self.model.name == "mlp" else {}
        if self.model.name != "mlp" or set(options) - {"widths", "activation"} or str(self.activation) not in SCALAR:
            raise OptionError(_NOT_PLAIN, received=str(self.model))

    @property
    def activation(self) -> Activation:
        """Of the hidden layers."""
        return cast(Activation, canonical("model", self.model).options.get("activation", "relu"))

    @property
    def widths(self) -> list[int]:
        """Of the hidden layers."""
        return list(cast(Sequence[int], canonical("model", self.model).options.get("widths", (64, 64))))

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """The four gradients of every seed; differences by their step; costs by the number of weights."""
        agreed, stepped, costs = [], [], []
        for seed in range(self.seeds or (5 if self.quick else 10)):
            here = self._at(self.model, seed)
            net = taken_apart(here, self.activation)
            true = by_autograd(here).gradient
            largest = np.abs(true).max()
            others = {HAND: by_hand(net), MATRICES: by_matrices(net), DIFFERENCES: by_differences(here, net, STEP)}
            agreed += [(seed, name, np.abs(one.gradient - true).max() / largest) for name, one in others.items()]
            some = np.linspace(0, len(true) - 1, min(SAMPLED, len(true))).astype(int)
            for kind, place in (("float64", here), ("float32", _rounded(here))):
                for step in STEPS:
                    off = np.abs(by_differences(place, net, step, some.tolist()).gradient - true[some]).max() / largest
                    stepped.append((seed, kind, step, off))
        for width in (4, 8, 16) if self.quick else (4, 8, 16, 32):
            costs += self._costs(self.model.replace(widths=[width] * max(len(self.widths), 1)), timed=True)
        return Evidence(
            tables={
                "agreement": pd.DataFrame(agreed, columns=["seed", "way", "off"]),
                "own": pd.DataFrame(self._costs(self.model, timed=False), columns=["weights", "way", "passes", "seconds"]),
                "costs": pd.DataFrame(costs, columns=["weights", "way", "passes", "seconds"]),
            },
            traces={"steps": pd.DataFrame(stepped, columns=["seed", "kind", "step", "off"])},
            notes=(_COUNTED.fill(n=EXAMPLES), _TIMED.fill(n=REPEATS)),
        )

    def _at(self, model: Spec, seed: int) -> Landscape:
        return landscape(recipe(self.data, model), seed, EXAMPLES)

    def _costs(self, model: Spec, timed: bool) -> list[tuple[int, str, float, float]]:
        """Multiplications in forward passes, and seconds, of each way on one network."""
        here = self._at(model, 0)
        net = taken_apart(here, self.activation)
        ways: dict[str, Callable[[], Found]] = {
            HAND: lambda: by_hand(net),
            MATRICES: lambda: by_matrices(net),
            AUTOGRAD: lambda: by_autograd(here),
            DIFFERENCES: lambda: by_differences(here, net, STEP),
        }
        rows = []
        for name, way in ways.items():
            work = (lambda: here.gradient(here.start)) if name == AUTOGRAD else way  # without the counter
            seconds = min(_seconds(work) for _ in range(REPEATS)) if timed else np.nan
            rows.append((len(here.start), name, way().products / net.forward_products, seconds))
        return rows

    def claims(self) -> Sequence[Claim]:
        """That all ways agree, what they cost, and what is said of numerical gradients."""
        digits = Range(least=0, below=1e-10)
        return [
            Claim("hand", _HAND, lambda e: _agreement(e, HAND), digits),
            Claim("matrices", _MATRICES, lambda e: _agreement(e, MATRICES), digits),
            Claim("differences", _DIFFERENCES, lambda e: _agreement(e, DIFFERENCES), Range(least=0, below=1e-6)),
            Claim("cheap", _CHEAP, lambda e: _passes(e, AUTOGRAD), Range(most=3)),
            Claim("twice", _TWICE, lambda e: _passes(e, AUTOGRAD, less=1), Range(least=1.8, most=2.2), saying=True),
            Claim("smaller", _SMALLER, _smaller, Range(below=1), saying=True),
            Claim(
                "float32",
                _FLOAT32,
                lambda e: mean_of(_stepped(e, "float32", STEP), _APART),
                Range(least=0, below=1e-3),
                saying=True,
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How far the ways are apart, what each costs, and where differences stop being exact."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        off = {name: number(_agreement(evidence, name).interval.mean, 2) for name in (HAND, MATRICES, DIFFERENCES)}
        costs, stepped = evidence.tables["costs"], evidence.traces["steps"]
        many = int(costs["weights"].max())
        seconds = {name: _time(_cost(costs[costs["weights"] == many], name, "seconds")) for name in NAMES}
        best = {
            kind: min((_stepped(evidence, kind, step).mean(), step) for step in STEPS) for kind in pd.unique(stepped["kind"])
        }
        return {
            "off": join([_PAIR.fill(name=NAMES[name], value=value) for name, value in off.items()], ", "),
            "weights": number(_cost(evidence.tables["own"], AUTOGRAD, "weights"), 4), "many": number(many, 4),
            "passes": number(_cost(evidence.tables["own"], AUTOGRAD, "passes")),
            "differences": number(_cost(evidence.tables["own"], DIFFERENCES, "passes"), 4),
            "seconds": join([_PAIR.fill(name=NAMES[name], value=value) for name, value in seconds.items()], ", "),
            **{f"least_{kind}": number(float(least), 2) for kind, (least, _) in best.items()},
            **{f"best_{kind}": number(step, 1) for kind, (_, step) in best.items()},
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Seconds by the number of weights; the error of differences by their step."""
        found, costs, stepped = self._found(evidence), evidence.tables["costs"], evidence.traces["steps"]
        price, valley = _PRICE.fill(**found), _VALLEY.fill(**found)

        def prices() -> Figure:
            lines = {
                str(NAMES[name]): [(np.log10(part["weights"].to_numpy(dtype=float)), part["seconds"].to_numpy(dtype=float))]
                for name in NAMES
                for part in [costs[costs["way"] == name]]
            }
            drawn = curves(lines, title=price, x=_WEIGHTS, y=_SECONDS, log=True)
            return remarks.ticks(drawn, {float(np.log10(n)): str(n) for n in sorted(costs["weights"].unique())})

        def errors() -> Figure:
            lines = {
                kind: [
                    (np.log10(one["step"].to_numpy()), one["off"].to_numpy(dtype=float))
                    for _, one in stepped[stepped["kind"] == kind].sort_values("step").groupby("seed")
                ]
                for kind in ("float64", "float32")
            }
            drawn = curves(lines, title=valley, x=_STEP_AXIS, y=_APART_AXIS, log=True)
            return remarks.ticks(drawn, {float(k): number(10.0**k) for k in range(-12, 0, 2)})

        return [Drawn(valley, errors, _READ_VALLEY), Drawn(price, prices, _READ_PRICE)]

    def changes(self) -> Sequence[Change]:
        """Kinks, depth, values to predict."""
        return [
            Change(_TRY_RELU, "whynet ask chain-rule --model 'mlp(widths=[16, 16], activation=relu)'"),
            Change(_TRY_DEEP, "whynet ask chain-rule --model 'mlp(widths=[16, 16, 16, 16, 16, 16], activation=tanh)'"),
            Change(_TRY_VALUES, "whynet ask chain-rule --data ice_cream"),
        ]


def _rounded(here: Landscape) -> Landscape:
    """The same landscape computed in float32."""
    y = here.y.float() if here.y.is_floating_point() else here.y
    return replace(here, x=here.x.float(), y=y, start=here.start.float())


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _time(seconds: float) -> Text:
    return _MS.fill(n=number(1000 * seconds, 2))


def _agreement(evidence: Evidence, way: str) -> Measured:
    table = evidence.tables["agreement"]
    return mean_of(table.loc[table["way"] == way, "off"].to_numpy(dtype=float), _APART)


def _passes(evidence: Evidence, way: str, less: int = 0) -> Measured:
    """Multiplications of a way in forward passes, ``less`` the forward pass it begins with."""
    return exactly(_cost(evidence.tables["own"], way, "passes") - less, _BACKWARD if less else _WHOLE)


def _cost(table: pd.DataFrame, way: str, what: str) -> float:
    return float(table.loc[table["way"] == way, what].to_numpy(dtype=float)[0])


def _stepped(evidence: Evidence, kind: str, step: float) -> np.ndarray:
    table = evidence.traces["steps"]
    return table.loc[(table["kind"] == kind) & np.isclose(table["step"], step, rtol=1e-6, atol=0), "off"].to_numpy(dtype=float)


def _smaller(evidence: Evidence) -> Measured:
    return mean_of(_stepped(evidence, "float64", SMALLEST) / _stepped(evidence, "float64", STEP), _RATIO)


_APART = Text(
    "largest difference from autograd, of the largest slope", "자동 미분(autograd)과의 가장 큰 차이, 가장 큰 기울기 대비"
)
_WHOLE = Text("multiplications of the whole gradient, in forward passes", "기울기 전체에 든 곱셈, 순전파 몇 번분")
_BACKWARD = Text("multiplications of the backward pass, in forward passes", "역전파에 든 곱셈, 순전파 몇 번분")
_RATIO = Text("error with step 10⁻¹², of that with 10⁻⁵", "걸음 10⁻¹²일 때의 오차, 10⁻⁵일 때 대비")
_HAND = Text(
    "The chain rule by hand, number by number, gives the gradient that torch gives.",
    "연쇄 법칙을 손으로, 수 하나씩 따라가면 torch와 같은 기울기(gradient)가 나온다.",
)
_MATRICES = Text("So do products of matrices.", "행렬곱으로도 같은 기울기가 나온다.")
_DIFFERENCES = Text(
    "So do differences of the loss with a step of 10⁻⁵, to a millionth.", "걸음 10⁻⁵의 차분으로도 100만분의 1까지 같다."
)
_CHEAP = Text(
    "All slopes together cost at most three forward passes.",
    "모든 가중치의 기울기를 다 합쳐 순전파(forward pass) 세 번이면 된다.",
)
_TWICE = Text("The backward pass costs twice the forward pass.", "역전파는 순전파의 두 배가 든다.")
_SMALLER = Text("The smaller the step, the more exact the difference.", "걸음이 작을수록 차분은 정확하다.")
_FLOAT32 = Text(
    "The same check with the same step is right to a thousandth in float32 too.",
    "같은 걸음으로 float32에서 검산해도 1000분의 1까지 맞다.",
)
_VERDICT = Text(
    "Largest difference from autograd, of the largest slope: {off}. For {weights} weights autograd takes the multiplications of "
    "{passes} forward passes, differences those of {differences}. Differences come nearest with a step of {best_float64} in "
    "float64 (to {least_float64}) and {best_float32} in float32 (to {least_float32}).",
    "자동 미분(autograd)과의 가장 큰 차이, 가장 큰 기울기 대비: {off}. 가중치 {weights}개에 드는 곱셈은 자동 미분이 순전파 {passes}번분, "
    "차분이 {differences}번분이다. 차분은 float64에서 걸음 {best_float64}일 때 가장 가깝고(차이 {least_float64}), float32에서는 "
    "{best_float32}일 때 가장 가깝다(차이 {least_float32}).",
)
_VALLEY = Text(
    "Differences come within {least_float64} in float64 at h = {best_float64}, within {least_float32} in float32 at h = {best_float32}",
    "차분의 오차는 float64에서 h = {best_float64}일 때 {least_float64}, float32에서 h = {best_float32}일 때 {least_float32}까지 준다",
)
_PRICE = Text("Time of one gradient, {many} weights: {seconds}", "기울기 한 번의 시간, 가중치 {many}개: {seconds}")
_READ_VALLEY = Text(
    "From the right the error falls as h²: the function bends less. From the left it grows as 1/h: the difference has fewer digits.",
    "오른쪽에서는 h²에 따라 줄어든다. 함수가 덜 휘기 때문이다. 왼쪽에서는 1/h에 따라 커진다. 차이에 남는 자릿수가 줄기 때문이다.",
)
_READ_PRICE = Text(
    "One line for each way, both axes logarithmic; seconds on this machine. By matrices and by autograd small networks cost little but "
    "overhead. Differences take two passes more for every weight, and each pass is longer.",
    "방법마다 선 하나, 두 축 모두 로그. 이 컴퓨터에서 잰 시간이다. 작은 신경망에서 행렬과 자동 미분은 준비하는 시간이 대부분이다. 차분은 "
    "가중치가 하나 늘 때마다 두 번 더 계산하고, 그 한 번도 길어진다.",
)
_COUNTED = Text(
    "Multiplications of weights and signals are counted, over {n} examples; autograd's by torch's own counter.",
    "가중치와 신호의 곱셈을 예제 {n}개에서 세었다. 자동 미분의 곱셈은 torch의 계수기로 세었다.",
)
_TIMED = Text(
    "Times are the fastest of {n}, and vary with the machine's load.",
    "시간은 {n}번 중 가장 빠른 것이며 컴퓨터가 얼마나 바쁜지에 따라 달라진다.",
)
_PAIR = Text("{name} {value}", "{name} {value}")
_MS = Text("{n} ms", "{n} 밀리초")
_WEIGHTS = Text("weights of the network", "신경망의 가중치 수")
_SECONDS = Text("seconds for one gradient", "기울기 한 번에 걸린 시간(초)")
_STEP_AXIS = Text("step h of the difference", "차분의 걸음 h")
_APART_AXIS = Text("largest error, of the largest slope", "가장 큰 오차, 가장 큰 기울기 대비")
_TRY_RELU = Text("Kinks: do differences still agree?", "꺾인 함수: 차분이 여전히 맞는가?")
_TRY_DEEP = Text(
    "More layers: does the way back come to twice the way there?", "층을 늘린다: 돌아오는 길이 가는 길의 두 배가 되는가?"
)
_TRY_VALUES = Text("Values to predict: another loss, the same rule.", "값을 예측한다: 손실은 달라도 규칙은 같다.")
_NOT_PLAIN = Text(
    "chain-rule writes the network out by hand: expected an mlp with widths and an activation of tanh, sigmoid or relu, such as "
    "mlp(widths=[16, 16], activation=tanh). Received: {received}",
    "chain-rule은 신경망을 손으로 풀어 쓴다. mlp(widths=[16, 16], activation=tanh)처럼 widths와 activation(tanh, sigmoid, relu)만 있는 "
    "mlp여야 한다. 받은 것: {received}",
)
