"""What does dropout do to an autoencoder?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, ClassVar, cast

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from whynet.data import load
from whynet.data.dataset import Dataset, Examples
from whynet.engine.fit import Fitted
from whynet.engine.metrics import r2
from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.resampling import made
from whynet.experiment.statistics import paired
from whynet.figures import images
from whynet.figures.canvas import number
from whynet.figures.charts import lines
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.setting import ADAM, CLEAN, count, length
from whynet.questions.numbers import difference
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.rng import generator
from whynet.spec import Spec, Value
from whynet.task import Task
from whynet.text import Text, join

ON_INPUT, ON_CODE = 0.3, 0.3  # probabilities of dropout
RATES = {"none": (0.0, 0.0), "input": (ON_INPUT, 0.0), "code": (0.0, ON_CODE)}
DAMAGE = (0.0, 0.15, 0.3, 0.45, 0.6)  # shares of the test inputs, or of the code, that are lost
LOST = 0.3


@register(
    "question",
    name="dropout-in-autoencoder",
    place=110,
    year=2008,
    source="Vincent, Larochelle, Bengio and Manzagol, Extracting and composing robust features with denoising autoencoders",
    en="What does dropout do to an autoencoder, on its input and on its code?",
    ko="드롭아웃(dropout)을 입력이나 코드에 두면 오토인코더(autoencoder)는 어떻게 달라지는가?",
)
@dataclass(frozen=True)
class DropoutInAutoencoder(Question):
    """An autoencoder without dropout, with it on the input and on the code: how it restores whole and damaged inputs, and its codes.

    ``code``: units in the middle. The codes are judged by a linear classifier. Raises `OptionError` for data that are no classes.
    """

    data: str | Spec = CLEAN
    code: Annotated[int, Range(least=1)] = 32
    width: Annotated[int, Range(least=1)] = 64  # units before and after the code
    optimizer: Spec = ADAM
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "An autoencoder answers with its own input, through a code in the middle. With a code wide enough it could simply copy, "
            "number by number, and would have learned nothing. With dropout on the input it cannot: it has to give back what it "
            "was not shown, and can only do so from the rest, by what it knows of how inputs hang together. That is a denoising "
            "autoencoder.",
            "오토인코더는 가운데의 코드(code)를 거쳐 자기 입력을 답으로 낸다. 코드가 넉넉하면 수 하나하나를 베끼기만 해도 되고, "
            "그러면 배운 것이 없다. 입력에 드롭아웃을 두면 베낄 수 없다. 보여 주지 않은 것까지 되살려야 하고, 입력이 서로 어떻게 "
            "얽혀 있는지 알아야만 나머지에서 되살릴 수 있다. 이것이 잡음 제거 오토인코더(denoising autoencoder)다.",
        ),
        Text(
            "On the code, dropout asks for something else: every unit has to be dispensable, so the same is said several times over. "
            "That makes the code robust, and a narrow code cannot afford it. Neither comes free on whole inputs: the network is "
            "trained for another task than the one it is then judged by.",
            "코드에 두는 드롭아웃은 다른 것을 요구한다. 어느 유닛이 빠져도 되어야 하므로 같은 내용을 여러 번 나누어 적게 된다. "
            "그만큼 코드가 튼튼해지지만 좁은 코드에는 그럴 여유가 없다. 온전한 입력에서는 어느 쪽도 공짜가 아니다. 평가받을 "
            "과제와 다른 과제로 학습하기 때문이다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "input   min E ‖ x − g( f( x ⊙ m/(1 − p) ) ) ‖²,   m_i = 0 with probability p\n"
        "code    min E ‖ x − g( f(x) ⊙ m/(1 − p) ) ‖²      linear decoder: = ‖ x − W h ‖² + p/(1 − p) Σ_i h_i² ‖W_i‖²",
        "입력  min E ‖ x − g( f( x ⊙ m/(1 − p) ) ) ‖²,   확률 p로 m_i = 0\n"
        "코드  min E ‖ x − g( f(x) ⊙ m/(1 − p) ) ‖²      선형 디코더: = ‖ x − W h ‖² + p/(1 − p) Σ_i h_i² ‖W_i‖²",
    )
    sources: ClassVar[Sequence[str]] = (
        "Vincent, Larochelle, Bengio and Manzagol, Extracting and composing robust features with denoising autoencoders (2008)",
        "Bengio, Yao, Alain and Vincent, Generalized denoising auto-encoders as generative models (2013)",
        "Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout (2014)",
    )

    # --- the experiment ------------------------------------------------------------------------------------------

    def autoencoder(self, on_input: float, on_code: float) -> Spec:
        """Input ── (dropout) ── width ── code ── (dropout) ── width ── input."""
        wide, bend = Spec("linear", {"units": self.width}), Spec("relu")
        layers = [
            Spec("flatten"), Spec("dropout", {"p": on_input}), wide, bend, Spec("linear", {"units": self.code}), bend,
            Spec("dropout", {"p": on_code}), wide, bend,
        ]  # fmt: skip
        return Spec("sequential", {"layers": list[Value](layers), "head": True})

    @cached_property
    def base(self) -> Recipe:
        """The autoencoder without dropout."""
        data = recipe(self.data).data  # checked, whatever it is
        itself = made("the inputs themselves", partial(to_itself, cast(Spec, data)))
        return recipe(itself, self.autoencoder(0.0, 0.0), optimizer=self.optimizer, steps=length(self.steps, self.quick))

    def measure(self, listen: Listen) -> Evidence:
        """Where the dropout is as the factor; then linear classifiers on the codes, of which the code is the factor."""
        data, seeds = cast(Spec, recipe(self.data).data), count(self.seeds, self.quick)
        if load(data, 0).task.kind != "classify":
            raise OptionError(_NOT_CLASSES, received=str(data))
        levels = [Level(key, self.base.change(model=self.autoencoder(*rates))) for key, rates in RATES.items()]
        one = compare_levels(levels, ["model"], seeds, listen=listen)
        judge = recipe(self.data, "softmax_regression", optimizer=self.optimizer, steps=length(self.steps, self.quick))
        raw = Level("raw", judge.change(data=made("the inputs", partial(load, data))))
        codes = [
            Level(
                key,
                judge.change(
                    data=made(f"codes, dropout {key}", partial(encoded, data, dict(zip(one.seeds, arms, strict=True))))
                ),
            )
            for key, arms in one.arms.items()
        ]
        features = compare_levels([*codes, raw], ["data"], seeds, listen=listen)
        return Evidence({"autoencoders": one, "codes": features}, {"damaged": _damaged(one)})

    def claims(self) -> Sequence[Claim]:
        """What each kind of dropout costs and gains: on whole inputs, on damaged ones, with a damaged code, for a classifier."""
        fill = {"p": ON_INPUT, "q": ON_CODE, "lost": f"{100 * LOST:.0f}"}
        more, less = Range(above=0), Range(below=0)
        return [
            Claim(
                "whole",
                _WHOLE.fill(**fill),
                lambda e: difference(e.comparisons["autoencoders"], "input", "none"),
                more,
                saying=True,
            ),
            Claim("gap", _GAP.fill(**fill), lambda e: gaps.gap_change(e.comparisons["autoencoders"], "input", "none"), less),
            Claim("restores", _RESTORES.fill(**fill), lambda e: _apart(e, "input", "input"), more),
            Claim("code-costs", _COSTS.fill(**fill), lambda e: difference(e.comparisons["autoencoders"], "code", "none"), less),
            Claim("code-robust", _ROBUST.fill(**fill), lambda e: _apart(e, "code", "code"), more),
            Claim("features", _FEATURES, lambda e: difference(e.comparisons["codes"], "input", "none"), more, saying=True),
            Claim("beats-raw", _BEATS, lambda e: difference(e.comparisons["codes"], "input", "raw"), more, saying=True),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How well each restores whole and damaged inputs, how far its codes help a classifier, and what became of the sayings."""
        one, codes = evidence.comparisons["autoencoders"], evidence.comparisons["codes"]
        return join([
            gaps.told(one, NAMES),
            _DAMAGED.fill(lost=f"{100 * LOST:.0f}", inputs=self._restored(evidence, "input"), codes=self._restored(evidence, "code")),
            _CLASSIFIED.fill(scores=gaps.listed(codes, {**NAMES, "raw": _RAW})),
            gaps.sayings(judged),
        ])  # fmt: skip

    def _restored(self, evidence: Evidence, what: str) -> Text:
        table = evidence.tables["damaged"]
        means = table[(table["what"] == what) & np.isclose(table["damage"], LOST)].groupby("level", sort=False)["score"].mean()
        return join([_PAIR.fill(name=name, value=number(float(means[key]), 2)) for key, name in NAMES.items()], ", ")

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Scores on damaged inputs and with damaged codes, restored pictures, and the codes as features."""
        one, codes, table = evidence.comparisons["autoencoders"], evidence.comparisons["codes"], evidence.tables["damaged"]
        lost = f"{100 * LOST:.0f}"
        titles = {
            what: words.fill(lost=lost, scores=self._restored(evidence, what))
            for what, words in (("input", _ON_INPUT), ("code", _ON_CODE))
        }
        features = _AS_FEATURES.fill(scores=gaps.listed(codes, {**NAMES, "raw": _RAW}))
        apart = gaps.against(one, NAMES)

        def falling(what: str) -> Figure:
            part = table[table["what"] == what]
            named = part.assign(level=part["level"].map({key: str(name) for key, name in NAMES.items()}))
            return lines.interval(
                named, "damage", "score", by="level", title=titles[what], x_name=_SHARES[what], y_name=gaps.SHORT["r2"]
            )

        shown = [
            Drawn(titles["input"], lambda: falling("input"), _READ_DAMAGED),
            Drawn(titles["code"], lambda: falling("code"), _READ_DAMAGED),
            Drawn(apart, lambda: forest(one, NAMES, apart), gaps.READ_PAIRED),
            Drawn(features, lambda: forest(codes, {**NAMES, "raw": _RAW}, features), _READ_FEATURES),
        ]
        inputs = one.arms["none"][0].dataset.task.inputs
        if len(inputs) == 3 and inputs[0] in (1, 3):
            restored = _RESTORED.fill(lost=lost, scores=self._restored(evidence, "input"))
            shown.insert(1, Drawn(restored, lambda: _pictures(one, restored), _READ_PICTURES))
        return shown

    def changes(self) -> Sequence[Change]:
        """A narrow code, a code wider than the input, more examples, other data."""
        return [
            Change(_TRY_NARROW, "whynet ask dropout-in-autoencoder --set code=4"),
            Change(_TRY_WIDE, "whynet ask dropout-in-autoencoder --set code=256"),
            Change(_TRY_ALL, "whynet ask dropout-in-autoencoder --data digits"),
            Change(_TRY_DATA, "whynet ask dropout-in-autoencoder --data wine --set code=4"),
        ]


# --- data ------------------------------------------------------------------------------------------------------------


def to_itself(data: Spec, seed: int) -> Dataset:
    """The same split, of which the input is the target, (N, D)."""
    dataset = load(data, seed)
    flat = dataset.train.pool_x.flatten(1)
    task = Task("regress", dataset.task.inputs, flat.shape[1], features=dataset.task.features)
    return _with(dataset, dataset.train.pool_x, flat, task)


def encoded(data: Spec, autoencoders: dict[int, Fitted], seed: int) -> Dataset:
    """The same split, each input replaced by its code, (N, code)."""
    dataset = load(data, seed)
    codes = code_of(autoencoders[seed], dataset.train.pool_x)
    task = Task(
        "classify", tuple(codes.shape[1:]), dataset.task.outputs, dataset.task.classes, largest_class=dataset.task.largest_class
    )
    return _with(dataset, codes, dataset.train.pool_y, task)


def _with(dataset: Dataset, x: Tensor, y: Tensor, task: Task) -> Dataset:
    train, validation, test = (Examples(x, y, part.index) for part in (dataset.train, dataset.validation, dataset.test))
    return Dataset(dataset.name, task, train, validation, test, notes=dataset.notes)


def code_of(fitted: Fitted, x: Tensor) -> Tensor:
    """What comes to the second dropout, (N, code)."""
    with torch.no_grad():
        return _halves(fitted)[0](x)


def _halves(fitted: Fitted) -> tuple[nn.Module, nn.Module]:
    """The encoder up to the code, and the decoder from it."""
    module = fitted.module
    layers = list(cast(nn.Sequential, module.layers))
    at = [i for i, layer in enumerate(layers) if isinstance(layer, nn.Dropout)][1]
    return nn.Sequential(*layers[:at]), nn.Sequential(*layers[at + 1 :], cast(nn.Module, module.head))


# --- numbers ---------------------------------------------------------------------------------------------------------


def lost(x: Tensor, share: float, seed: int) -> Tensor:
    """The same numbers, each zero with a probability; the others keep their size. A larger share loses what a smaller one loses."""
    return x * (torch.rand(x.shape, generator=generator(seed, "noise", "lost")) >= share)


def _damaged(one: Comparison) -> pd.DataFrame:
    """r² of the restored test inputs when parts of the input or of the code are lost: columns what, level, seed, damage, score."""
    rows = []
    for level, arms in one.arms.items():
        for seed, fitted in zip(one.seeds, arms, strict=True):
            encoder, decoder = _halves(fitted)
            x, y = fitted.dataset.test.x, fitted.dataset.test.y
            for share in DAMAGE:
                with torch.no_grad():
                    answers = {"input": decoder(encoder(lost(x, share, seed))), "code": decoder(lost(encoder(x), share, seed))}
                rows += [(what, level, seed, share, max(r2(answer, y), -1.0)) for what, answer in answers.items()]
    return pd.DataFrame(rows, columns=["what", "level", "seed", "damage", "score"])


def _apart(evidence: Evidence, what: str, level: str) -> Measured:
    """r² with a share lost, of a level − of the autoencoder without dropout."""
    table = evidence.tables["damaged"]
    table = table[(table["what"] == what) & np.isclose(table["damage"], LOST)]
    ours, theirs = (table.loc[table["level"] == key, "score"].to_numpy(dtype=float) for key in (level, "none"))
    return Measured(paired(ours, theirs).difference, _RESTORING)


def _pictures(one: Comparison, title: Text) -> Figure:
    """Test pictures, the same with parts lost, and what each autoencoder makes of those."""
    test = one.arms["none"][0].dataset.test
    x = test.x[:8]
    damaged = lost(test.x, LOST, one.seeds[0])[:8]
    with torch.no_grad():
        restored = [one.arms[key][0].module(damaged).reshape(x.shape) for key in NAMES]
    rows = torch.cat([x, damaged, *restored])
    said = [word for word in (_ORIGINAL, _GIVEN, *NAMES.values()) for _ in x]
    return images(rows.numpy(), said, title=title, columns=8, limits=(float(x.min()), float(x.max())))


NAMES = {
    "none": Text("no dropout", "드롭아웃 없음"),
    "input": Text("input dropout", "입력에 드롭아웃"),
    "code": Text("code dropout", "코드에 드롭아웃"),
}
_RAW = Text("the inputs themselves", "입력 그대로")
_WHOLE = Text(
    "Dropout on the input makes it restore whole new inputs better.",
    "입력에 드롭아웃을 두면 온전한 새 입력도 더 잘 되살린다.",
)
_GAP = Text(
    "Dropout on the input narrows the gap between training and test score.",
    "입력의 드롭아웃은 훈련 점수와 테스트 점수의 격차를 줄인다.",
)
_RESTORES = Text(
    "With {lost} % of the input lost, the one trained with dropout on the input restores it better.",
    "입력의 {lost} %를 잃었을 때, 입력에 드롭아웃을 두고 학습한 것이 더 잘 되살린다.",
)
_COSTS = Text(
    "Dropout on the code makes it restore whole inputs worse.",
    "코드의 드롭아웃은 온전한 입력을 되살리는 데에는 손해다.",
)
_ROBUST = Text(
    "With {lost} % of the code lost, the one trained with dropout on the code restores the input better.",
    "코드의 {lost} %를 잃었을 때, 코드에 드롭아웃을 두고 학습한 것이 입력을 더 잘 되살린다.",
)
_FEATURES = Text(
    "Dropout on the input makes better codes: a linear classifier of them is right more often.",
    "입력의 드롭아웃은 더 좋은 코드를 만든다: 코드로 학습한 선형 분류기가 더 자주 맞힌다.",
)
_BEATS = Text(
    "A linear classifier is right more often on those codes than on the inputs themselves.",
    "선형 분류기는 입력 그대로보다 그 코드에서 더 자주 맞힌다.",
)
_RESTORING = Text("difference in r² of what was restored, same seeds", "되살린 입력의 결정계수(r²) 차이, 같은 시드끼리")
_DAMAGED = Text(
    "With {lost} % of the input lost, r²: {inputs}; with {lost} % of the code lost: {codes}.",
    "입력의 {lost} %를 잃으면 r²은 {inputs}. 코드의 {lost} %를 잃으면 {codes}.",
)
_CLASSIFIED = Text("A linear classifier of the codes: {scores}.", "코드로 학습한 선형 분류기: {scores}.")
_ON_INPUT = Text("r² with {lost} % of the input lost: {scores}", "입력의 {lost} %를 잃었을 때의 결정계수(r²): {scores}")
_ON_CODE = Text("r² with {lost} % of the code lost: {scores}", "코드의 {lost} %를 잃었을 때의 결정계수(r²): {scores}")
_RESTORED = Text("{lost} % of each picture lost and restored, r²: {scores}", "그림의 {lost} %를 잃고 되살린 것, r²: {scores}")
_AS_FEATURES = Text("Linear classifiers of the codes: {scores}", "코드로 학습한 선형 분류기: {scores}")
_PAIR = Text("{name}: {value}", "{name}: {value}")
_SHARES = {
    "input": Text("share of the test input lost", "잃은 테스트 입력의 비율"),
    "code": Text("share of the code lost", "잃은 코드의 비율"),
}
_ORIGINAL, _GIVEN = Text("original", "원본"), Text("as given", "받은 것")
_READ_DAMAGED = Text(
    "The same damage for all. 1 is a perfect copy, 0 no better than the mean.",
    "모두 똑같이 잃었다. 1은 완전한 복사, 0은 평균을 내는 것과 같다.",
)
_READ_PICTURES = Text(
    "From above: test pictures, what the networks were given of them, and what each made of it.",
    "위에서부터 테스트 그림, 신경망이 받은 것, 저마다 되살린 것이다.",
)
_READ_FEATURES = Text(
    "The same linear classifier on the codes of each autoencoder, and on the inputs themselves.",
    "오토인코더마다의 코드와 입력 그대로에서 학습한 같은 선형 분류기다.",
)
_TRY_NARROW = Text("A code of four units: can it afford dropout?", "유닛 네 개짜리 코드: 드롭아웃을 견디는가?")
_TRY_WIDE = Text("A code four times wider than the input: does it only copy?", "입력보다 네 배 넓은 코드: 베끼기만 하는가?")
_TRY_ALL = Text("Seven times the examples", "예제 일곱 배")
_TRY_DATA = Text("A table instead of pictures", "그림 대신 표")
_NOT_CLASSES = Text(
    "dropout-in-autoencoder judges codes by a classifier. Expected data with class labels, such as digits. Received: {received}",
    "dropout-in-autoencoder는 코드를 분류기로 평가한다. digits처럼 클래스 레이블이 있는 데이터여야 한다. 받은 것: {received}",
)
