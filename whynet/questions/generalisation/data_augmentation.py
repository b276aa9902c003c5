"""When do changed copies of the examples help?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, cast

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from whynet.data import load
from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.statistics import interval, paired
from whynet.figures import images
from whynet.figures.charts import bars
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.layers import layers_of
from whynet.questions.generalisation.setting import ADAM, CLEAN, count, network
from whynet.questions.numbers import difference, gap, score, score_on
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe
from whynet.registry import Range, bind, register
from whynet.spec import Spec, Value
from whynet.text import Text, join

NETWORK = Spec("mlp", {"widths": [128]})
SHIFT, FLIP = Spec("random_shift", {"most": 1}), Spec("random_flip", {"p": 0.5})
AUGMENTED: dict[str, list[Spec]] = {"none": [], "shift": [SHIFT], "flip": [FLIP], "both": [SHIFT, FLIP]}
MOVES = ((0, 1), (0, -1), (1, 0), (-1, 0))  # of the test pictures, rows and columns


@register(
    "question",
    name="data-augmentation",
    place=100,
    year=1998,
    source="LeCun, Bottou, Bengio and Haffner (1998); Krizhevsky, Sutskever and Hinton (2012)",
    en="When do changed copies of the examples help, and when do they harm?",
    ko="예제를 바꾼 복사본(data augmentation)은 언제 돕고 언제 해치는가?",
)
@dataclass(frozen=True)
class DataAugmentation(Question):
    """Pictures moved, mirrored or both at random in training, against none and against twice the examples; and moved test pictures.

    ``model``: an mlp, or a ``sequential`` of layers. Raises `OptionError` for another, and for data that are no pictures.
    """

    data: str | Spec = CLEAN
    model: Spec = NETWORK
    optimizer: Spec = ADAM
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A changed copy of an example says: this may change and the answer stays. A digit moved by a pixel is the same digit, so "
            "copies that are moved teach the network what it would otherwise need more examples for. It is knowledge of "
            "the problem, put in through the data.",
            "예제를 바꾼 복사본은 이렇게 말한다. 이것이 변해도 답은 그대로다. 한 픽셀 옮긴 숫자는 같은 숫자다. 그래서 "
            "옮긴 복사본은 예제가 더 많아야 배울 것을 신경망에 가르친다. 문제에 대해 아는 것을 데이터로 넣는 방법이다.",
        ),
        Text(
            "If what it says is false it does harm. A mirrored 3 is no 3, and a network told so has to spend itself on shapes that "
            "never come. And even a true change makes the task harder: the network has to fit all versions with the same weights, so "
            "with few steps or few units it may be worse for it on the examples as they are.",
            "그 말이 틀리면 해롭다. 좌우로 뒤집은 3은 3이 아니며, 그렇게 배운 신경망은 나오지도 않을 모양에 힘을 쓴다. 옳은 변화라도 "
            "과제는 어려워진다. 같은 가중치로 모든 모습을 맞춰야 하므로 스텝이나 유닛이 모자라면 원래 모습의 예제에서는 더 나빠질 수 있다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "L = E_{x, y} E_T ℓ( f(T x), y ),   T drawn anew each time, label kept\n"
        "shift  (T x)_{i, j} = x_{i + a, j + b},   a, b ∈ {−1, 0, 1}        flip  (T x)_{i, j} = x_{i, W − 1 − j} with probability 1/2",
        "L = E_{x, y} E_T ℓ( f(T x), y ),   T는 매번 새로 뽑고 레이블은 그대로 둔다\n"
        "옮기기  (T x)_{i, j} = x_{i + a, j + b},   a, b ∈ {−1, 0, 1}        뒤집기  확률 1/2로 (T x)_{i, j} = x_{i, W − 1 − j}",
    )
    sources: ClassVar[Sequence[str]] = (
        "Simard, Steinkraus and Platt, Best practices for convolutional neural networks applied to visual document analysis (2003)",
        "Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks (2012)",
        "Shorten and Khoshgoftaar, A survey on image data augmentation for deep learning (2019)",
    )

    def __post_init__(self) -> None:
        """Refuse a model in front of which no layer can be put. Raises `OptionError`."""
        if self.model.name not in ("mlp", "sequential"):
            raise OptionError(_NOT_LAYERS, received=str(self.model))

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def base(self) -> Recipe:
        """The network on the pictures as they are."""
        return network(self.data, self.model, self.optimizer, self.steps, self.quick)

    def with_layers(self, before: Sequence[Spec]) -> Spec:
        """The model behind some layers."""
        if self.model.name == "mlp":
            return Spec("sequential", {"layers": list[Value]([*before, *layers_of(self.model)])})
        options = bind("model", self.model)[1]  # also what was written without a name
        return Spec("sequential", {**options, "layers": [*before, *options["layers"]]})

    def measure(self, listen: Listen) -> Evidence:
        """What is done to the pictures as the factor; and twice the examples, where there are as many, with nothing done."""
        data, seeds = cast(Spec, self.base.data), count(self.seeds, self.quick)
        whole, available = load(data, 0), len(load(data.replace(train=None), 0).train)
        if len(whole.task.inputs) != 3:
            raise OptionError(_NOT_PICTURES, received=str(data), shape=whole.task.inputs)
        twice = min(2 * len(whole.train), available)
        levels = [Level(key, self.base.change(model=self.with_layers(layers))) for key, layers in AUGMENTED.items()]
        if twice > len(whole.train):
            levels.append(Level("twice", levels[0].recipe.change(**{"data.train": twice})))
        one = compare_levels(levels, ["model", "data.train"], seeds, listen=listen)
        return Evidence({"pictures": one}, {"moved": _moved(one)})

    def claims(self) -> Sequence[Claim]:
        """What shifts and flips do to the score, to the gap and to moved pictures, and whether they replace examples."""
        more, less = Range(above=0), Range(below=0)
        return [
            Claim("shift", _SHIFT, lambda e: difference(e.comparisons["pictures"], "shift", "none"), more, saying=True),
            Claim("gap", _GAP, lambda e: gaps.gap_change(e.comparisons["pictures"], "shift", "none"), less),
            Claim("moved", _MOVED, _on_moved, more),
            Claim("flip", _FLIP, lambda e: difference(e.comparisons["pictures"], "flip", "none"), less),
            Claim("more-is-better", _BOTH, lambda e: difference(e.comparisons["pictures"], "both", "shift"), more, saying=True),
            Claim("worth-twice", _TWICE, _against_twice, Range(least=0), saying=True),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """What does best, on moved pictures too, and what became of the sayings."""
        one = evidence.comparisons["pictures"]
        moved = _MOVING.fill(scores=_moved_scores(evidence))
        return join([gaps.told(one, self._names(one)), _SENTENCE.fill(words=moved), gaps.sayings(judged)])

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The pictures as they are seen in training, every way against none, and scores on test pictures moved by a pixel."""
        one, table = evidence.comparisons["pictures"], evidence.tables["moved"]
        names = self._names(one)
        apart, moving = gaps.against(one, names), _MOVING.fill(scores=_moved_scores(evidence))
        copies = _COPIES.fill(shift=difference(one, "shift", "none").alone, flip=difference(one, "flip", "none").alone)

        def moved() -> Figure:
            rows = [(str(NAMES[key]), str(_STILL), value) for key in AUGMENTED for value in one.values[key]]
            rows += [
                (str(NAMES[key]), str(_MOVED_TEST), v) for key in AUGMENTED for v in table.loc[table["level"] == key, "score"]
            ]
            frame, y = pd.DataFrame(rows, columns=["way", "test", "score"]), gaps.SHORT[one.metric]
            return bars.grouped(frame, "way", "score", "test", title=moving, x_name=_IN_TRAINING, y_name=y)

        def seen() -> Figure:
            chosen = one.arms["none"][0].dataset.train.x[:4]
            copied = torch.stack([chosen, moved_by(chosen, MOVES[0]), moved_by(chosen, MOVES[2]), chosen.flip(-1)], dim=1)
            said = [str(word) for _ in chosen for word in _SEEN]
            return images(copied.flatten(0, 1).numpy(), said, title=copies)

        return [
            Drawn(apart, lambda: forest(one, names, apart), gaps.READ_PAIRED),
            Drawn(moving, moved, _READ_MOVED),
            Drawn(copies, seen, _READ_COPIES),
        ]

    def _names(self, one: Comparison) -> dict[str, Text]:
        return {level: NAMES[level] for level in one.arms}

    def changes(self) -> Sequence[Change]:
        """More examples, a longer training, a convolutional network, other pictures."""
        return [
            Change(_TRY_ALL, "whynet ask data-augmentation --data digits"),
            Change(_TRY_LONGER, "whynet ask data-augmentation --set steps=3000"),
            Change(
                _TRY_CONV,
                "whynet ask data-augmentation --model 'sequential([conv2d(16, 3, padding=1), relu, max_pool(2), flatten])'",
            ),
            Change(_TRY_DATA, "whynet ask data-augmentation --data 'fashion_mnist(train=500)'"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def moved_by(x: Tensor, move: tuple[int, int]) -> Tensor:
    """Pictures (N, C, H, W) moved by so many rows and columns, zeros coming in."""
    down, right = move
    return F.pad(x, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))[
        ..., max(-down, 0) : x.shape[2] + max(-down, 0), max(-right, 0) : x.shape[3] + max(-right, 0)
    ]


def _moved(one: Comparison) -> pd.DataFrame:
    """The score on test pictures moved by a pixel, the mean of four directions: columns level, seed, score."""
    rows = [
        (level, seed, float(np.mean([score_on(fitted, moved_by(fitted.dataset.test.x, move)) for move in MOVES])))
        for level, arms in one.arms.items()
        for seed, fitted in zip(one.seeds, arms, strict=True)
    ]
    return pd.DataFrame(rows, columns=["level", "seed", "score"])


def _on_moved(evidence: Evidence) -> Measured:
    table = evidence.tables["moved"]
    ours, theirs = (table.loc[table["level"] == key, "score"].to_numpy(dtype=float) for key in ("shift", "none"))
    return Measured(paired(ours, theirs).difference, _ON_MOVED, gap(evidence.comparisons["pictures"]))


def _against_twice(evidence: Evidence) -> Measured:
    """Shifts − twice the examples; unknown where there are not as many."""
    one = evidence.comparisons["pictures"]
    if "twice" in one.arms:
        return difference(one, "shift", "twice")
    return Measured(interval([]), _NO_TWICE, gap(one))


def _moved_scores(evidence: Evidence) -> Text:
    """``as they are: 81.0 %, moved: 88.2 %``: the score on moved test pictures of each way."""
    table, style = evidence.tables["moved"], score(evidence.comparisons["pictures"], "none").style
    shown = {
        key: Measured(interval(table.loc[table["level"] == key, "score"].to_numpy(dtype=float)), _ON_MOVED, style)
        for key in AUGMENTED
    }
    return join([_PAIR.fill(name=NAMES[key], value=one.alone) for key, one in shown.items()], ", ")


NAMES = {
    "none": Text("as they are", "그대로"),
    "shift": Text("moved", "옮기기"),
    "flip": Text("mirrored", "뒤집기"),
    "both": Text("moved and mirrored", "옮기기와 뒤집기"),
    "twice": Text("twice the examples", "예제 두 배"),
}
_SHIFT = Text("Moving the pictures at random raises the test score.", "그림을 무작위로 옮기면 테스트 점수가 오른다.")
_GAP = Text(
    "Moving the pictures narrows the gap between training and test score.",
    "옮기면 훈련 점수와 테스트 점수의 격차가 줄어든다.",
)
_MOVED = Text(
    "On test pictures moved by a pixel, the network that saw moved ones does better.",
    "한 픽셀 옮긴 테스트 그림에서는 옮긴 그림을 본 신경망이 더 낫다.",
)
_FLIP = Text("Mirroring the pictures lowers the test score.", "그림을 좌우로 뒤집으면 테스트 점수가 내려간다.")
_BOTH = Text(
    "More augmentation is better: moved and mirrored does better than moved alone.",
    "증강(augmentation)은 많을수록 좋다: 옮기고 뒤집은 것이 옮기기만 한 것보다 낫다.",
)
_TWICE = Text(
    "Moving the pictures is worth at least twice the examples.",
    "그림을 옮기면 적어도 예제가 두 배인 것만큼 좋다.",
)
_ON_MOVED = Text("difference in score on moved test pictures, same seeds", "옮긴 테스트 그림에서 점수의 차이, 같은 시드끼리")
_NO_TWICE = Text("difference to twice the examples, of which there are not as many", "예제 두 배와의 차이, 예제가 그만큼 없다")
_MOVING = Text("On test pictures moved by a pixel: {scores}", "한 픽셀 옮긴 테스트 그림에서: {scores}")
_SENTENCE, _PAIR = Text("{words}.", "{words}."), Text("{name}: {value}", "{name}: {value}")
_COPIES = Text(
    "Seen in training. Test score when moved {shift}, when mirrored {flip}",
    "학습할 때 보는 그림. 테스트 점수는 옮기면 {shift}, 뒤집으면 {flip}",
)
_SEEN = (
    Text("as it is", "그대로"),
    Text("one right", "오른쪽으로"),
    Text("one down", "아래로"),
    Text("mirrored", "뒤집기"),
)
_STILL, _MOVED_TEST = Text("test pictures as they are", "그대로인 테스트 그림"), Text("moved by a pixel", "한 픽셀 옮긴 것")
_IN_TRAINING = Text("what is done to the pictures in training", "학습할 때 그림을 바꾸는 방법")
_READ_MOVED = Text(
    "Test pictures moved by a pixel up, down, left and right, the mean of the four.",
    "테스트 그림을 위, 아래, 왼쪽, 오른쪽으로 한 픽셀씩 옮겨 잰 점수의 평균이다.",
)
_READ_COPIES = Text(
    "Four training pictures, each with three of the copies that stand for it. Would you give them the same label?",
    "훈련 그림 네 개와 저마다의 복사본 세 개. 같은 레이블을 붙이겠는가?",
)
_TRY_ALL = Text("Seven times the examples: is there still something to gain?", "예제 일곱 배: 아직 얻을 것이 있는가?")
_TRY_LONGER = Text("Ten times the steps: does it catch up?", "스텝 열 배: 따라잡는가?")
_TRY_CONV = Text("A convolutional network, which knows about moves", "옮겨도 되는 것을 이미 아는 합성곱 신경망")
_TRY_DATA = Text("Clothes, which may be mirrored", "뒤집어도 되는 옷")
_NOT_LAYERS = Text(
    "data-augmentation puts layers in front of the model. Expected an mlp or a sequential. Received: {received}",
    "data-augmentation은 모델 앞에 층을 둔다. mlp나 sequential이어야 한다. 받은 것: {received}",
)
_NOT_PICTURES = Text(
    "data-augmentation moves and mirrors pictures (C, H, W). Expected data such as digits. Received: {received} of shape {shape}",
    "data-augmentation은 그림 (C, H, W)를 옮기고 뒤집는다. digits 같은 데이터여야 한다. 받은 것: {received}, 모양 {shape}",
)
