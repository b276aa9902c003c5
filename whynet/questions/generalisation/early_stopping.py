"""When should training stop?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from whynet.engine.train import Watching
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import curves
from whynet.figures.canvas import number
from whynet.questions.claim import Claim, Judged, Measured, written
from whynet.questions.evidence import Evidence
from whynet.questions.generalisation import gaps
from whynet.questions.generalisation.setting import ADAM, DATA, NETWORK, count, network
from whynet.questions.numbers import difference, mean_of, score
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

LOOKS = 60  # evaluations of the validation set on the way
RISES = 1.1  # the final validation loss over the lowest that counts as a turn
NEAR = 0.1  # of the training: moments closer than that count as the same
COSTS = 0.01  # of test score that stopping may cost


@register(
    "question",
    name="early-stopping",
    place=40,
    year=1998,
    source="Prechelt, Early stopping: but when?",
    en="When should training stop, and what is gained by it?",
    ko="학습은 언제 멈춰야 하며, 그렇게 해서 무엇을 얻는가?",
)
@dataclass(frozen=True)
class EarlyStopping(Question):
    """The weights at the end, those of the lowest validation loss, and those of a training that stops; the same with true labels."""

    data: str | Spec = DATA
    model: Spec = NETWORK
    optimizer: Spec = ADAM
    patience: Annotated[int, Range(least=1)] = 10  # epochs without a lower validation loss
    steps: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "What many examples have in common pulls all their gradients the same way and is learned first; what is particular to "
            "one is learned later. So the loss on examples held out falls, and rises again once the network begins to learn the "
            "others by heart. Stopping at the lowest point keeps the first and leaves out the second.",
            "여러 예제에 공통된 것은 기울기(gradient)를 같은 쪽으로 당기므로 먼저 배운다. 예제 하나에만 있는 것은 나중에 배운다. 그래서 "
            "빼 둔 예제의 손실은 내려가다가 신경망이 나머지를 외우기 시작하면 다시 오른다. 가장 낮은 곳에서 멈추면 앞의 것은 남고 뒤의 "
            "것은 빠진다. 이것이 조기 종료(early stopping)다.",
        ),
        Text(
            "It costs examples, which have to be held out, and luck: the validation loss is a noisy curve, and patience, the number "
            "of epochs to wait for a lower one, decides how much of a bump is sat out. A rising loss is also not the same as a falling "
            "accuracy: a network may become surer of what it gets wrong while it gets no more of it wrong.",
            "대가는 빼 두어야 하는 예제와 운이다. 검증 손실은 잡음이 있는 곡선이고, 더 낮은 값을 기다리는 에포크(epoch) 수인 "
            "인내(patience)가 얼마나 큰 굴곡을 견딜지 정한다. 손실이 오른다고 정확도가 내려가는 것도 아니다. 틀린 답이 늘지 않아도 틀린 "
            "답을 더 확신하게 될 수 있다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "t* = argmin_t L_validation(w_t)\n"
        "stop at the first t with t − t*(t) ≥ patience,   keep w_{t*}\n"
        "on a quadratic loss, gradient descent stopped after t steps of η ≈ an L2 penalty of λ = 1/(η t)",
        "t* = argmin_t L_검증(w_t)\n"
        "t − t*(t) ≥ 인내(patience)인 첫 t에서 멈춘다,   남기는 가중치는 w_{t*}\n"
        "이차 손실에서 학습률 η로 t걸음 뒤에 멈춘 경사 하강법 ≈ λ = 1/(η t)인 L2 벌점",
    )
    sources: ClassVar[Sequence[str]] = (
        "Morgan and Bourlard, Generalization and parameter estimation in feedforward nets (1990)",
        "Bishop, Regularization and complexity control in feed-forward networks (1995)",
        "Prechelt, Early stopping: but when? (1998)",
    )

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def base(self) -> Recipe:
        """The network trained to the end."""
        return network(self.data, self.model, self.optimizer, self.steps, self.quick)

    def measure(self, listen: Listen) -> Evidence:
        """What is kept as the factor, with the labels as they are and with true ones."""
        true = self.base.change(**{"data.label_noise": 0.0})
        seeds, watching = count(self.seeds, self.quick, 10), Watching(evaluations=LOOKS)

        def kept(base: Recipe) -> Comparison:
            levels = [
                Level("last", base), Level("best", base.change(keep="best")),
                Level("stopped", base.change(keep="best", early_stopping=self.patience)),
            ]  # fmt: skip
            return compare_levels(levels, ["keep", "early_stopping"], seeds, listen=listen, watching=watching)

        return Evidence({"noisy": kept(self.base), "true": kept(true)})

    def claims(self) -> Sequence[Claim]:
        """Whether the loss turns, what the best weights are worth, what stopping saves."""
        fill = {
            "rises": f"{100 * RISES - 100:.0f}",
            "near": f"{100 * NEAR:.0f}",
            "patience": self.patience,
            "costs": 100 * COSTS,
        }
        more, near = Range(above=0), Range(least=-NEAR, most=NEAR)
        return [
            Claim("turns", _TURNS.fill(**fill), lambda e: _rise(e.comparisons["noisy"]), Range(least=RISES), saying=True),
            Claim("helps", _HELPS, lambda e: difference(e.comparisons["noisy"], "best", "last"), more, saying=True),
            Claim("same-moment", _SAME.fill(**fill), lambda e: _later(e.comparisons["noisy"]), near, saying=True),
            Claim("saves", _SAVES.fill(**fill), lambda e: _used(e.comparisons["noisy"]), Range(below=0.5)),
            Claim("costs-nothing", _COSTS.fill(**fill), _lost, Range(least=-COSTS)),
            Claim(
                "smaller",
                _SMALLER,
                lambda e: gaps.norm_ratio(e.comparisons["noisy"], "best", "last"),
                Range(below=1),
                saying=True,
            ),
            Claim("helps-always", _ALWAYS, lambda e: difference(e.comparisons["true"], "best", "last"), more, saying=True),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The lowest validation loss and the last, what each is worth on the test set, and what became of the sayings."""
        return join(
            [_FOUND.fill(**self._found(evidence)), gaps.told(evidence.comparisons["noisy"], NAMES), gaps.sayings(judged)]
        )

    def _found(self, evidence: Evidence) -> dict[str, object]:
        one = evidence.comparisons["noisy"]
        found = [(values.min(), values[-1], steps[int(np.argmin(values))]) for steps, values in _losses(one)]
        lowest, last, at = np.mean(found, axis=0)
        return {
            "lowest": number(float(lowest)), "last": number(float(last)), "step": f"{at:.0f}", "steps": self.base.steps,
            "used": written(float(_used(one).interval.mean), "percent"),
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """Both losses on the way, both scores on the way, and what each way of ending is worth."""
        noisy, true = evidence.comparisons["noisy"], evidence.comparisons["true"]
        turning, found = _TURNING.fill(**self._found(evidence)), self._found(evidence)
        scores = _SCORES.fill(**_best_and_last(noisy))
        worth = [gaps.against(one, NAMES) for one in (noisy, true)]
        clean = _CLEAN.fill(words=worth[1])
        stopping = _STOPPING.fill(**found, words=worth[0])
        histories = [one.history for one in noisy.arms["last"]]

        def both(what: str) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
            return {str(name): [one.curve(split, what) for one in histories] for split, name in _SPLITS.items()}  # type: ignore[arg-type]

        return [
            Drawn(turning, lambda: curves(both("loss"), title=turning, y=_LOSS, log=True), _READ_LOSS),
            Drawn(scores, lambda: curves(both("metric"), title=scores, y=gaps.SHORT[noisy.metric]), _READ_SCORES),
            Drawn(stopping, lambda: forest(noisy, NAMES, stopping), gaps.READ_PAIRED),
            Drawn(clean, lambda: forest(true, NAMES, clean), gaps.READ_PAIRED),
        ]

    def changes(self) -> Sequence[Change]:
        """More patience, less, more noise, other data."""
        return [
            Change(_TRY_PATIENCE, "whynet ask early-stopping --set patience=2"),
            Change(_TRY_NOISE, "whynet ask early-stopping --data 'digits(train=200, label_noise=0.4)'"),
            Change(_TRY_SLOW, "whynet ask early-stopping --set 'optimizer=adam(lr=0.001)'"),
            Change(_TRY_VALUES, "whynet ask early-stopping --data diabetes"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def _losses(one: Comparison) -> list[tuple[np.ndarray, np.ndarray]]:
    """Steps and validation losses of each seed's whole training."""
    return [arm.history.curve("validation", "loss") for arm in one.arms["last"]]


def _rise(one: Comparison) -> Measured:
    """The last validation loss over the lowest."""
    return mean_of([values[-1] / values.min() for _, values in _losses(one)], _RISE)


def _best_and_last(one: Comparison) -> dict[str, Text]:
    """The validation score at its best and at the end, means over seeds."""
    curves_of = [arm.history.curve("validation")[1] for arm in one.arms["last"]]
    style = score(one, "last").style
    return {
        "best": mean_of([values.max() for values in curves_of], _USED, style).alone,
        "last": mean_of([values[-1] for values in curves_of], _USED, style).alone,
    }


def _later(one: Comparison) -> Measured:
    """How much later the best validation score is reached than the lowest validation loss, as a share of the training."""
    shares = []
    for arm, (steps, losses) in zip(one.arms["last"], _losses(one), strict=True):
        metric = arm.history.curve("validation")[1]
        shares.append((steps[int(np.argmax(metric))] - steps[int(np.argmin(losses))]) / steps[-1])
    return mean_of(shares, _LATER, "percent")


def _used(one: Comparison) -> Measured:
    """Steps taken until patience ran out, as a share of all."""
    shares = [arm.history.steps / whole.history.steps for arm, whole in zip(one.arms["stopped"], one.arms["last"], strict=True)]
    return mean_of(shares, _USED, "percent")


def _lost(evidence: Evidence) -> Measured:
    return difference(evidence.comparisons["noisy"], "stopped", "best")


NAMES = {
    "last": Text("last weights", "마지막 가중치"),
    "best": Text("lowest validation loss", "검증 손실이 가장 낮은 때"),
    "stopped": Text("stopped early", "조기 종료"),
}
_SPLITS = {"train": Text("training", "훈련"), "validation": Text("validation", "검증")}
_RISE = Text("last validation loss / lowest", "마지막 검증 손실 / 가장 낮은 검증 손실")
_LATER = Text(
    "best validation score after the lowest loss by, share of the training",
    "검증 점수가 가장 높은 때 − 손실이 가장 낮은 때, 학습 전체에 대한 비율",
)
_USED = Text("share of the steps taken", "쓴 스텝의 비율")
_TURNS = Text(
    "The validation loss turns: at the end it is at least {rises} % above its lowest.",
    "검증 손실은 되돌아 오른다: 끝에서는 가장 낮을 때보다 적어도 {rises} % 높다.",
)
_HELPS = Text(
    "The weights of the lowest validation loss do better on the test set than the last ones.",
    "검증 손실이 가장 낮은 때의 가중치가 마지막 가중치보다 테스트 점수가 높다.",
)
_SAME = Text(
    "The validation score is best when the validation loss is lowest, within {near} % of the training.",
    "검증 점수는 검증 손실이 가장 낮을 때 가장 높다. 차이는 학습의 {near} % 안이다.",
)
_SAVES = Text(
    "With a patience of {patience} epochs training ends within half of the steps.",
    "인내(patience)가 {patience} 에포크면 학습은 스텝의 절반 안에 끝난다.",
)
_COSTS = Text(
    "Stopping by itself costs at most {costs:g} point of the test score that the whole training would have found.",
    "스스로 멈춰도 끝까지 학습해 고른 것보다 테스트 점수를 {costs:g} %포인트 넘게 잃지 않는다.",
)
_SMALLER = Text(
    "Stopping early works like weight decay: the weights are smaller than at the end.",
    "조기 종료는 가중치 감쇠(weight decay)처럼 작용한다: 가중치가 끝에서보다 작다.",
)
_ALWAYS = Text(
    "The weights of the lowest validation loss do better with true labels, too.",
    "레이블이 모두 옳을 때에도 검증 손실이 가장 낮은 때의 가중치가 더 낫다.",
)
_FOUND = Text(
    "The validation loss is lowest, {lowest}, around step {step} of {steps}, and {last} at the end; patience ends the training after "
    "{used} % of the steps.",
    "검증 손실은 {steps}스텝 가운데 {step}스텝 무렵에 {lowest:으로} 가장 낮고 끝에서는 {last}. 조기 종료는 스텝의 {used} %를 쓰고 학습을 "
    "끝낸다.",
)
_TURNING = Text(
    "Validation loss: {lowest} at its lowest, around step {step}; {last} at the end",
    "검증 손실: {step}스텝 무렵 가장 낮은 {lowest}, 끝에서 {last}",
)
_SCORES = Text("Validation score: {best} at its best, {last} at the end", "검증 점수: 가장 높을 때 {best}, 끝에서 {last}")
_STOPPING = Text("{words}, after {used} % of the steps", "{words}, 쓴 스텝 {used} %")
_CLEAN = Text("With true labels. {words}", "옳은 레이블에서. {words}")
_LOSS = Text("loss", "손실(loss)")
_READ_LOSS = Text(
    "The training loss includes the wrong labels; the validation labels are true. Where the two lines part, the network has begun to "
    "learn by heart.",
    "훈련 손실에는 틀린 레이블이 들어 있고 검증 레이블은 모두 옳다. 두 선이 갈라지는 곳에서 신경망이 외우기 시작한다.",
)
_READ_SCORES = Text(
    "The same trainings, by what they get right. The score need not turn where the loss does.",
    "같은 학습을 맞힌 비율로 본 것이다. 손실이 되돌아 오르는 곳에서 점수도 꺾이는 것은 아니다.",
)
_TRY_PATIENCE = Text("Two epochs of patience: does it stop too soon?", "인내 2 에포크: 너무 일찍 멈추는가?")
_TRY_NOISE = Text("Twice the wrong labels", "틀린 레이블 두 배")
_TRY_SLOW = Text(
    "A tenth of the learning rate: does the loss turn at all?",
    "학습률(learning rate) 10분의 1: 손실이 되돌아 오르기는 하는가?",
)
_TRY_VALUES = Text("Values to predict instead of classes", "클래스 대신 값을 예측한다")
