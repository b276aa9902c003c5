"""Why can a perceptron not learn XOR?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures.charts import bars
from whynet.questions.claim import Claim, Judged, Measured, exactly
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import widths_of
from whynet.questions.networks.planes import best_line, boundary, is_planar
from whynet.questions.numbers import METRICS, above_chance, chance_of, difference, mean_of, score, scores
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join, plain

GATES = {"and_gate": plain("AND"), "or_gate": plain("OR"), "nand_gate": plain("NAND"), "xor_gate": plain("XOR")}
HIDDEN = Spec("mlp", {"widths": [8], "activation": "tanh"})
ROSENBLATT = Spec("sgd", {"lr": 1.0})  # one example, one correction: the rule of 1958
LINE = "perceptron"
SOLVED = 0.95
MOST = 0.75  # three of four corners: a line that has them right has the fourth one wrong


@register(
    "question",
    name="xor",
    place=10,
    year=1969,
    source="Minsky and Papert, Perceptrons",
    en="Why can a perceptron not learn XOR, and what does one hidden layer change?",
    ko="퍼셉트론(perceptron)은 왜 XOR을 배우지 못하며, 은닉층(hidden layer) 하나가 무엇을 바꾸는가?",
)
@dataclass(frozen=True)
class Xor(Question):
    """The perceptron on four gates; then on clouds of points, against hidden layers of 2, 3 and more units.

    ``model``: an mlp; its first width is the widest hidden layer tried. ``data``: two classes. Raises `OptionError` for another
    model.
    """

    data: str | Spec = "xor"
    model: Spec = HIDDEN
    optimizer: Spec = Spec("adam", {"lr": 0.05})  # noqa: RUF009  a spec is frozen
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A perceptron weighs its inputs, adds them up and says yes where the sum is positive: it draws one straight line. For AND "
            "and OR there is such a line. XOR says yes to two opposite corners of a square and no to the other two, and whichever line "
            "is drawn, at least one of the four corners lies on its wrong side.",
            "퍼셉트론(perceptron)은 입력에 가중치를 곱해 더하고, 합이 양수이면 예라고 답한다. 곧 직선 하나를 긋는다. AND와 OR에는 그런 "
            "직선이 있다. XOR은 정사각형의 마주 보는 두 꼭짓점에는 예, 나머지 둘에는 아니요라고 답해야 하는데, 직선을 어떻게 그어도 네 "
            "꼭짓점 가운데 적어도 하나는 잘못된 쪽에 놓인다.",
        ),
        Text(
            "A hidden layer draws several lines and lets the last layer combine them: XOR is OR but not AND, two lines and a "
            "third unit. That two units suffice is a statement about what can be written down. Whether gradient descent finds "
            "these weights from a random start is another question, and it has to be measured.",
            "은닉층(hidden layer)은 직선을 여러 개 긋고 마지막 층이 그것을 묶게 한다. XOR은 OR이면서 AND가 아닌 것이므로 직선 두 개와 "
            "유닛 하나면 쓸 수 있다. 유닛 두 개로 충분하다는 것은 적어 낼 수 있다는 말이다. 경사 하강법(gradient descent)이 무작위 "
            "출발점에서 그 가중치를 찾아내는지는 다른 문제이고, 재 보아야 안다.",
        ),
    )
    formula: ClassVar[str] = (
        "b ≤ 0,  w₁ + b > 0,  w₂ + b > 0,  w₁ + w₂ + b ≤ 0\n"
        "(w₁ + b) + (w₂ + b) = w₁ + w₂ + 2b > 0,   b + (w₁ + w₂ + b) = w₁ + w₂ + 2b ≤ 0:   ↯\n"
        "XOR(a, b) = step( OR(a, b) − AND(a, b) − 1/2 )"
    )
    sources: ClassVar[Sequence[str]] = (
        "Rosenblatt, The perceptron (1958)",
        "Minsky and Papert, Perceptrons (1969)",
        "Rumelhart, Hinton and Williams, Learning representations by back-propagating errors (1986)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if not widths_of(self.model) or widths_of(self.model)[0] < 4:
            raise OptionError(_NOT_MLP, received=str(self.model))

    @cached_property
    def units(self) -> tuple[int, ...]:
        """Units of the hidden layers compared."""
        return (2, 3, widths_of(self.model)[0])

    @property
    def base(self) -> Recipe:
        """The perceptron on the clouds."""
        epochs = self.epochs or (30 if self.quick else 60)
        return recipe(self.data, "perceptron", optimizer=self.optimizer, epochs=epochs)

    @property
    def is_xor(self) -> bool:
        """Whether the data are the clouds, for which theory says what a line can do."""
        data = self.base.data
        return isinstance(data, Spec) and data.name == "xor"

    def measure(self, listen: Listen) -> Evidence:
        """The gates as the factor; then the hidden layer as the factor."""
        seeds, base = self.seeds or (10 if self.quick else 20), self.base
        table = recipe("and_gate", "perceptron", optimizer=ROSENBLATT, batch_size=1, epochs=30)
        gates = compare_levels([Level(gate, table.change(data=gate)) for gate in GATES], ["data"], seeds, listen=listen)
        hidden = [Level(str(n), base.change(model=self.model.replace(widths=[n]))) for n in self.units]
        clouds = compare_levels([Level(LINE, base), *hidden], ["model"], seeds, listen=listen)
        return Evidence({"gates": gates, "clouds": clouds})

    def claims(self) -> Sequence[Claim]:
        """What a line can do and cannot, and how many units it takes."""
        widest = str(self.units[-1])
        claims = [
            Claim("gates", _GATES, lambda e: mean_of(_linear_gates(e.comparisons["gates"]), _ROWS, "percent"), Range(least=1)),
            Claim("xor-rows", _XOR_ROWS, lambda e: score(e.comparisons["gates"], "xor_gate"), Range(most=MOST)),
            Claim("best-line", _BEST_LINE, _best, Range(most=MOST)),
            Claim(
                "guessing",
                _GUESSING,
                lambda e: above_chance(e.comparisons["clouds"], LINE),
                Range(least=-0.05, most=0.05),
                True,
            ),
            Claim("two-units", _TWO, lambda e: score(e.comparisons["clouds"], "2"), Range(least=SOLVED), saying=True),
            Claim("many-units", _MANY.fill(n=widest), lambda e: score(e.comparisons["clouds"], widest), Range(least=SOLVED)),
            Claim("gain", _GAIN.fill(n=widest), lambda e: difference(e.comparisons["clouds"], widest, LINE), Range(above=0)),
        ]
        return [one for one in claims if self.is_xor or one.key != "best-line"]

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """What the perceptron reaches, and with how many hidden units how many networks solve it."""
        one = evidence.comparisons["clouds"]
        parts = [
            _VERDICT.fill(
                line=score(one, LINE).alone, chance=chance_of(one).alone, metric=METRICS[one.metric], solved=self._solved(one)
            )
        ]
        if self.is_xor:
            parts.append(_BEST_WAS.fill(best=_best(evidence).alone))
        return join(parts)

    def _solved(self, one: Comparison) -> Text:
        counts = [(n, int((scores(one, str(n)) >= SOLVED).sum())) for n in self.units]
        return join([_COUNT.fill(units=n, count=count, n=len(one.seeds)) for n, count in counts], ", ")

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Hidden units against the perceptron, how many of the seeds solve it, and what both answer on the plane."""
        one, widest = evidence.comparisons["clouds"], str(self.units[-1])
        names = {LINE: _LINE, **{str(n): _UNITS.fill(n=n) for n in self.units}}
        trial = _TRIAL.fill(
            metric=METRICS[one.metric], scores=join([_PAIR.fill(name=names[k], value=score(one, k).alone) for k in names], ", ")
        )
        counted = _COUNTED.fill(solved=self._solved(one))
        drawn = [Drawn(trial, lambda: forest(one, names, trial), _READ_TRIAL)]
        for level, words, reading in ((LINE, _SEEN_LINE, _READ_LINE), (widest, _SEEN_HIDDEN, _READ_HIDDEN)):
            fitted = one.arms[level][0]
            if is_planar(fitted):
                title = words.fill(n=level, value=f"{100 * scores(one, level)[0]:.1f} %")
                drawn.append(Drawn(title, lambda fitted=fitted, title=title: boundary(fitted, title), reading))  # type: ignore[misc]

        def count() -> Figure:
            rows = [(str(names[k]), 100 * float((scores(one, k) >= SOLVED).mean())) for k in names]
            table = pd.DataFrame(rows, columns=["level", "share"])
            return bars.simple(table, "level", "share", title=counted, x_name=_HIDDEN, y_name=_SHARE)

        return [*drawn, Drawn(counted, count, _READ_COUNTED)]

    def changes(self) -> Sequence[Change]:
        """Another activation, overlapping clouds, more time, other data."""
        return [
            Change(_TRY_RELU, "whynet ask xor --model 'mlp(widths=[8], activation=relu)'"),
            Change(_TRY_NOISE, "whynet ask xor --data 'xor(noise=0.7)'"),
            Change(_TRY_LONGER, "whynet ask xor --set epochs=300"),
            Change(_TRY_MOONS, "whynet ask xor --data moons"),
        ]


def _linear_gates(gates: Comparison) -> np.ndarray:
    """The accuracy on the three gates that a line can do, a mean for each seed."""
    return np.mean([scores(gates, gate) for gate in GATES if gate != "xor_gate"], axis=0)


def _best(evidence: Evidence) -> Measured:
    """What the best of all straight lines gets right, of all the points there are."""
    pool = evidence.comparisons["clouds"].arms[LINE][0].dataset.train
    return exactly(best_line(pool.pool_x.numpy(), pool.pool_y.numpy()), _OF_ALL, "percent")


_ROWS = Text("rows right, of the four of AND, OR and NAND", "AND, OR, NAND의 네 행 가운데 맞힌 비율")
_OF_ALL = Text("points on the right side of the best line, of all", "전체 점 가운데 가장 좋은 직선이 제대로 가르는 비율")
_GATES = Text(
    "The perceptron rule learns all rows of AND, OR and NAND.",
    "퍼셉트론 규칙은 AND, OR, NAND의 모든 행을 배운다.",
)
_XOR_ROWS = Text("Of the four rows of XOR it gets at most three right.", "XOR의 네 행 가운데서는 많아야 세 행을 맞힌다.")
_BEST_LINE = Text(
    "No straight line gets more than three quarters of the clouds right.",
    "어떤 직선도 점 구름의 4분의 3보다 많이 맞히지 못한다.",
)
_GUESSING = Text(
    "On XOR the perceptron is as good as guessing: within 5 points of chance.",
    "XOR에서 퍼셉트론은 찍는 것과 같다. 우연 수준(chance)과 5 %포인트 안에서 같다.",
)
_TWO = Text("Two hidden units are enough: 95 % right.", "은닉 유닛은 두 개면 충분하다. 95 % 이상 맞힌다.")
_MANY = Text("{n} hidden units are enough: 95 % right.", "은닉 유닛 {n}개면 충분하다. 95 % 이상 맞힌다.")
_GAIN = Text("One hidden layer of {n} units beats the perceptron.", "유닛 {n}개인 은닉층 하나가 퍼셉트론을 이긴다.")
_VERDICT = Text(
    "The perceptron reaches {line} (chance {chance}; {metric}). Networks that get 95 % right: {solved}.",
    "퍼셉트론은 {line}에 이른다(우연 수준 {chance}, {metric}). 95 % 이상 맞힌 신경망: {solved}.",
)
_BEST_WAS = Text(
    "The best of all straight lines gets {best} of the points.", "모든 직선 가운데 가장 좋은 것은 점의 {best:을} 맞힌다."
)
_COUNT = Text("{count} of {n} with {units} hidden units", "은닉 유닛 {units}개로 {n}개 중 {count}개")
_LINE = Text("perceptron, no hidden layer", "퍼셉트론, 은닉층 없음")
_UNITS = Text("{n} hidden units", "은닉 유닛 {n}개")
_PAIR = Text("{name} {value}", "{name} {value}")
_TRIAL = Text("{metric}: {scores}", "{metric}: {scores}")
_SEEN_LINE = Text("The perceptron of the first seed: {value}", "첫 시드(seed)의 퍼셉트론: {value}")
_SEEN_HIDDEN = Text("{n} hidden units, the first seed: {value}", "은닉 유닛 {n}개, 첫 시드: {value}")
_COUNTED = Text("Networks that get 95 % right: {solved}", "95 % 이상 맞힌 신경망: {solved}")
_HIDDEN = Text("network", "신경망")
_SHARE = Text("seeds that get 95 % right, in %", "95 % 이상 맞힌 시드의 비율(%)")
_READ_TRIAL = Text(
    "The same clouds, the same seeds; nothing but the network differs.", "같은 점 구름, 같은 시드. 신경망 말고는 모두 같다."
)
_READ_LINE = Text(
    "The colour of the ground is the answer: one straight border, or a single answer everywhere.",
    "바탕색이 답이다. 곧은 경계 하나이거나, 어디서나 같은 답이다.",
)
_READ_HIDDEN = Text(
    "Each hidden unit draws a line of its own; the last layer combines them to a border with bends.",
    "은닉 유닛마다 직선을 하나씩 긋고, 마지막 층이 그것을 묶어 굽은 경계를 만든다.",
)
_READ_COUNTED = Text(
    "That weights exist does not say that training finds them: some starts get stuck.",
    "가중치가 존재한다고 해서 학습이 그것을 찾아내는 것은 아니다. 출발점에 따라 막히기도 한다.",
)
_TRY_RELU = Text("ReLU in place of tanh: do as many starts succeed?", "tanh 대신 ReLU: 성공하는 출발점의 수가 같은가?")
_TRY_NOISE = Text("Clouds that overlap: where is the ceiling now?", "겹치는 점 구름: 이제 한계는 어디인가?")
_TRY_LONGER = Text("More time: do the stuck ones come loose?", "시간을 더 준다: 막힌 것이 풀리는가?")
_TRY_MOONS = Text("Two moons: how far does a line get there?", "두 반달: 거기서는 직선이 어디까지 가는가?")
_NOT_MLP = Text(
    "xor varies the hidden layer of an mlp with 4 units or more. Expected a model such as mlp(widths=[8], activation=tanh). "
    "Received: {received}",
    "xor는 유닛이 4개 이상인 mlp의 은닉층을 바꾼다. mlp(widths=[8], activation=tanh) 같은 모델이어야 한다. 받은 것: {received}",
)
