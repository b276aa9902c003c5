"""Why does a network need non-linear activations?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import curves
from whynet.figures.canvas import number
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import activation_of, widths_of
from whynet.questions.networks.planes import boundary, is_planar
from whynet.questions.networks.shapes import weights_of
from whynet.questions.numbers import METRICS, chance_of, difference, mean_of, score
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

BENT = Spec("mlp", {"widths": [32, 32, 32, 32]})
LINE, LINEAR, ONE, ALL = "line", "deep-linear", "one-bend", "every-bend"
ROUNDING = 1e-9  # what double precision leaves of exact equality
EQUAL = 0.05  # scores that differ by less count as equal
SAME_PACE = 0.1  # the natural logarithm of a tenth more or less


@register(
    "question",
    name="nonlinearity",
    place=20,
    year=1986,
    source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors",
    en="Why does a network need a bend between its layers?",
    ko="신경망의 층 사이에는 왜 비선형 함수가 있어야 하는가?",
)
@dataclass(frozen=True)
class Nonlinearity(Question):
    """A linear model, a deep network without activations, one with a single one, one with all of them.

    ``model``: an mlp of two hidden layers or more, with an activation that bends. Raises `OptionError` where it is another.
    """

    data: str | Spec = "spirals"
    model: Spec = BENT
    optimizer: Spec = Spec("adam", {"lr": 0.01})  # noqa: RUF009  a spec is frozen
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A linear layer turns and stretches what comes in and shifts it. Turning and stretching twice is turning and "
            "stretching once: however many linear layers are stacked, one alone computes the same, and its border between two "
            "classes is a straight line. Whatever such a network has in weights, it has no more in functions.",
            "선형 층은 입력을 돌리고 늘이고 옮긴다. 두 번 돌리고 늘이는 것은 한 번 돌리고 늘이는 것과 같다. 선형 층을 아무리 쌓아도 "
            "층 하나가 똑같은 것을 계산하고, 두 클래스의 경계는 직선이다. 가중치는 많아져도 나타낼 수 있는 함수는 늘지 않는다.",
        ),
        Text(
            "A bend between the layers, such as max(0, z), keeps them from melting into one. Each unit then switches on and off "
            "along a line of its own, and the network is put together of flat pieces. The function of a linear network is that "
            "of one layer, but its descent is not: the layers multiply, so their gradients depend on each other (Saxe et al., 2014).",
            "층 사이에 max(0, z)처럼 꺾이는 함수를 두면 층들이 하나로 합쳐지지 않는다. 유닛마다 자기 직선을 따라 켜지고 꺼지므로 "
            "신경망은 평평한 조각을 이어 붙인 것이 된다. 깊은 선형 신경망의 함수는 층 하나와 같지만 학습 과정은 같지 않다. "
            "층들이 서로 곱해지므로 한 층의 기울기(gradient)가 다른 층에 달려 있기 때문이다(Saxe 외, 2014).",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "W₃(W₂(W₁x + b₁) + b₂) + b₃ = Ax + b,   A = W₃W₂W₁,   b = W₃W₂b₁ + W₃b₂ + b₃\n"
        "with f(z) = max(0, z):   W₂ f(W₁x + b₁) + b₂ is no such thing, since f(z) + f(−z) ≠ f(z − z)",
        "W₃(W₂(W₁x + b₁) + b₂) + b₃ = Ax + b,   A = W₃W₂W₁,   b = W₃W₂b₁ + W₃b₂ + b₃\n"
        "f(z) = max(0, z)를 넣으면:   W₂ f(W₁x + b₁) + b₂는 이렇게 줄지 않는다, f(z) + f(−z) ≠ f(z − z)이므로",
    )
    sources: ClassVar[Sequence[str]] = (
        "Minsky and Papert, Perceptrons (1969)",
        "Rumelhart, Hinton and Williams, Learning representations by back-propagating errors (1986)",
        "Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear networks (2014)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if len(widths_of(self.model)) < 2 or activation_of(self.model) == "identity":
            raise OptionError(_NOT_BENT, received=str(self.model))

    @property
    def levels(self) -> list[Level]:
        """The four networks; nothing but the model differs."""
        widths, bend = widths_of(self.model), activation_of(self.model)
        layers = [f"linear({width})" for width in widths]
        base = recipe(self.data, self.model, optimizer=self.optimizer, epochs=self.epochs or (30 if self.quick else 60))

        def made(model: Spec | str) -> Recipe:
            return base.change(model=model)

        return [
            Level(LINEAR, made(self.model.replace(activation="identity"))),
            Level(LINE, made(Spec("mlp", {"widths": []}))),
            Level(ONE, made(f"sequential([{', '.join([layers[0], bend, *layers[1:]])}], head=True)")),
            Level(ALL, base),
        ]

    def measure(self, listen: Listen) -> Evidence:
        """The model as the factor; then how far each trained network is from one linear layer."""
        one = compare_levels(self.levels, ["model"], self.seeds or (5 if self.quick else 10), listen=listen)
        rows = [
            (level, seed, departure(fitted.module, fitted.dataset.test.x))
            for level, arms in one.arms.items()
            for seed, fitted in zip(one.seeds, arms, strict=True)
        ]
        return Evidence({"bends": one}, {"departure": pd.DataFrame(rows, columns=["level", "seed", "departure"])})

    def claims(self) -> Sequence[Claim]:
        """The linear network is one layer; what depth gives it, what a bend gives it."""
        n, plus, near = len(widths_of(self.model)) + 1, Range(above=0), Range(least=-EQUAL, most=EQUAL)
        return [
            Claim("collapse", _COLLAPSE.fill(n=n), lambda e: _departure(e, LINEAR), Range(least=0, below=ROUNDING)),
            Claim("equal", _EQUAL.fill(n=n), lambda e: difference(e.comparisons["bends"], LINEAR, LINE), near),
            Claim("more-weights", _MORE, lambda e: difference(e.comparisons["bends"], LINEAR, LINE), plus, saying=True),
            Claim(
                "same-pace",
                _PACE,
                lambda e: _early(e.comparisons["bends"]),
                Range(least=-SAME_PACE, most=SAME_PACE),
                saying=True,
            ),
            Claim("bends", _BENDS, lambda e: difference(e.comparisons["bends"], ALL, LINEAR), plus),
            Claim("one-bend", _ONE_HELPS, lambda e: difference(e.comparisons["bends"], ONE, LINEAR), plus),
            Claim("every-bend", _EVERY, lambda e: difference(e.comparisons["bends"], ALL, ONE), plus, saying=True),
        ]

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How near the deep linear network is to one layer, and what each network reaches."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        one = evidence.comparisons["bends"]
        task = one.task
        inputs, units = int(np.prod(task.inputs)), one.arms[LINE][0].loss.units(task)
        reached = {level: score(one, level).alone for level in NAMES}
        return {
            "n": len(widths_of(self.model)) + 1, "far": number(_departure(evidence, LINEAR).interval.mean, 2),
            "bent": number(_departure(evidence, ALL).interval.mean, 2), "chance": chance_of(one).alone, "metric": METRICS[one.metric],
            "many": weights_of(inputs, widths_of(self.model), units), "few": weights_of(inputs, [], units),
            "pace": number(float(np.exp(_early(one).interval.mean)), 2), "linear": reached[LINEAR], "single": reached[ONE],
            "scores": join([_PAIR.fill(name=NAMES[level], value=value) for level, value in reached.items()], ", "),
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The trial, the pace of learning, and what two of the networks answer on the plane."""
        one, found = evidence.comparisons["bends"], self._found(evidence)
        trial, pace = _TRIAL.fill(**found), _PACED.fill(**found)

        def race() -> Figure:
            runs = {str(NAMES[level]): [fitted.history for fitted in one.arms[level]] for level in NAMES}
            return curves(runs, title=pace, y=_LOSS, what="loss", log=True)

        drawn = [Drawn(trial, lambda: forest(one, NAMES, trial), _READ_TRIAL), Drawn(pace, race, _READ_PACE)]
        for level in (LINEAR, ONE):
            fitted = one.arms[level][0]
            if is_planar(fitted):
                title = _SEEN.fill(name=NAMES[level], value=f"{100 * fitted.score('test'):.1f} %")
                drawn.append(Drawn(title, lambda fitted=fitted, title=title: boundary(fitted, title), _READ_SEEN))  # type: ignore[misc]
        return drawn

    def changes(self) -> Sequence[Change]:
        """A smooth bend, a narrow network, data that a line can tell apart, values to predict."""
        return [
            Change(_TRY_TANH, "whynet ask nonlinearity --model 'mlp(widths=[32, 32, 32, 32], activation=tanh)'"),
            Change(_TRY_NARROW, "whynet ask nonlinearity --model 'mlp(widths=[3, 3, 3])'"),
            Change(_TRY_DIGITS, "whynet ask nonlinearity --data digits"),
            Change(_TRY_SINE, "whynet ask nonlinearity --data sine"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def departure(module: nn.Module, x: Tensor) -> float:
    """max |f(x) − (Ax + b)| / max |f(x) − b| over inputs (n, *inputs), b = f(0) and A's columns f(eᵢ) − b, in double precision.

    0 for a function that is one linear layer, whatever it is made of.
    """
    module, x = module.double(), x.double()
    basis = torch.eye(x[0].numel(), dtype=torch.float64).reshape(-1, *x.shape[1:])
    with torch.no_grad():
        b = module(torch.zeros_like(x[:1]))  # (1, outputs)
        columns = module(basis) - b  # (inputs, outputs)
        moved = module(x) - b
        far = (moved - x.flatten(1) @ columns).abs().max()
    return float(far / moved.abs().max().clamp(min=1e-300))


def _departure(evidence: Evidence, level: str) -> Measured:
    table = evidence.tables["departure"]
    return mean_of(table.loc[table["level"] == level, "departure"].to_numpy(dtype=float), _DEPARTURE)


def _early(one: Comparison) -> Measured:
    """ln of the ratio of the validation losses, deep linear to linear, after a tenth of the training."""

    def loss(level: str) -> np.ndarray:
        found = [fitted.history.curve("validation", "loss") for fitted in one.arms[level]]
        return np.array([values[np.searchsorted(steps, steps[-1] / 10)] for steps, values in found])

    return mean_of(np.log(loss(LINEAR) / loss(LINE)), _RATIO)


NAMES = {
    LINEAR: Text("deep, without bends", "깊지만 비선형 없음"),
    LINE: Text("one linear layer", "선형 층 하나"),
    ONE: Text("deep, with a single bend", "깊고 비선형 하나"),
    ALL: Text("deep, with every bend", "깊고 층마다 비선형"),
}
_DEPARTURE = Text("largest distance from one linear layer, relative", "선형 층 하나와의 가장 큰 상대 차이")
_RATIO = Text("ln of the ratio of validation losses, same seeds", "검증 손실 비의 로그(ln), 같은 시드끼리")
_COLLAPSE = Text(
    "{n} trained layers without a bend compute what one linear layer computes, to 10⁻⁹.",
    "비선형 함수가 없는 학습된 층 {n}개는 선형 층 하나와 10⁻⁹까지 같은 것을 계산한다.",
)
_EQUAL = Text("They score what one linear layer scores, within 0.05.", "점수도 선형 층 하나와 0.05 안에서 같다.")
_MORE = Text(
    "They have more weights, so they fit better than one linear layer.", "가중치가 더 많으므로 선형 층 하나보다 더 잘 맞춘다."
)
_PACE = Text(
    "Being the same function, they learn at the same pace: the loss after a tenth of the training is within a tenth.",
    "같은 함수이므로 배우는 속도도 같다. 학습의 10분의 1이 지났을 때 손실(loss)이 10 % 안에서 같다.",
)
_BENDS = Text("With a bend after every layer the network is better.", "층마다 비선형 함수를 두면 더 낫다.")
_ONE_HELPS = Text("A single bend, after the first layer, makes it better.", "첫 층 뒤의 비선형 함수 하나만으로도 더 낫다.")
_EVERY = Text(
    "A bend after every layer is better than a single one.", "층마다 비선형 함수를 두는 것이 하나만 두는 것보다 낫다."
)
_VERDICT = Text(
    "{n} layers without bends differ from one linear layer by {far} of their answer; with bends by {bent}. {metric}: {scores}; "
    "chance {chance}. After a tenth of the training the deep linear network has {pace} times the loss of one layer.",
    "비선형 함수가 없는 층 {n}개는 선형 층 하나와 답의 {far}배만큼 다르고, 비선형 함수가 있으면 {bent}배만큼 다르다. {metric}: "
    "{scores}, 우연 수준(chance) {chance}. 학습의 10분의 1이 지났을 때 깊은 선형 신경망의 손실은 층 하나의 {pace}배다.",
)
_PAIR = Text("{name} {value}", "{name} {value}")
_TRIAL = Text(
    "Without bends {many} weights reach {linear}, with a single one {single}",
    "비선형 함수 없이 가중치 {many}개는 {linear}, 하나만 있으면 {single}",
)
_PACED = Text(
    "Early on the deep linear network has {pace} times the loss of one linear layer",
    "초반에 깊은 선형 신경망의 손실은 선형 층 하나의 {pace}배다",
)
_SEEN = Text("The first seed, {name}: {value}", "첫 시드(seed), {name}: {value}")
_LOSS = Text("validation loss", "검증 손실(validation loss)")
_READ_TRIAL = Text("The same data, the same seeds, the same optimizer.", "같은 데이터, 같은 시드, 같은 옵티마이저(optimizer).")
_READ_PACE = Text(
    "One linear layer and a stack of them can hold the same functions, but not on the same way down.",
    "선형 층 하나와 여러 층은 나타낼 수 있는 함수는 같지만 내려가는 길은 같지 않다.",
)
_READ_SEEN = Text(
    "The colour of the ground is the answer. Without a bend its border is straight.",
    "바탕색이 답이다. 비선형 함수가 없으면 경계가 직선이다.",
)
_TRY_TANH = Text("A smooth bend: does it have to have a corner?", "매끄러운 비선형 함수: 반드시 꺾여야 하는가?")
_TRY_NARROW = Text("Three units a layer: is one bend still enough?", "층마다 유닛 3개: 비선형 함수 하나로 여전히 충분한가?")
_TRY_DIGITS = Text("Pictures of digits: how much is left to a bend?", "숫자 그림: 비선형 함수가 더할 것이 얼마나 남는가?")
_TRY_SINE = Text("A sine to predict: the best straight line through it.", "사인 곡선 예측: 그것을 지나는 가장 좋은 직선.")
_NOT_BENT = Text(
    "nonlinearity takes the bends out of an mlp. Expected two hidden layers or more and an activation other than identity, such as "
    "mlp(widths=[32, 32], activation=relu). Received: {received}",
    "nonlinearity는 mlp에서 비선형 함수를 뺀다. 은닉층이 둘 이상이고 활성화 함수가 identity가 아니어야 한다. 예: "
    "mlp(widths=[32, 32], activation=relu). 받은 것: {received}",
)
