"""The labels went through the preprocessing of the inputs: scaled, or all cut down to one class."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.loss import loss_fact
from whynet.doctor.facts.relabelled import relabelled
from whynet.doctor.facts.targets import few_values, train_targets
from whynet.doctor.surgery.data import ranked
from whynet.registry import register
from whynet.text import Text, join, plain

EVEN = 1e-3  # relative: rounding of float32 labels is 1e-7


@register(
    "cause",
    year=2018,
    source="Zhang, Chen, Cheung, Xiong and Zhang, An empirical study on TensorFlow program bugs (2018)",
    en="Class ids were divided, standardised or cast together with the inputs and no longer name classes.",
    ko="클래스 번호를 입력과 함께 나누거나 표준화하거나 형변환해서 더는 클래스를 가리키지 않는다.",
)
class LabelsCorruptedByPreprocessing(Cause):
    """Few values at even distances that are not whole: a + s·k with k = 0, 1, 2, …, which is what scaling makes of class ids.

    The loss tells whether they were meant as classes: under a loss of probabilities or logits they were. Under a squared error they may be
    a scale of marks (0, ½, 1); there it counts only where a multiple of 255 makes them whole, as it does pixels divided by 255, or
    where mean 0 and spread 1 show that they were standardised. All training examples in one class is what a cast to whole numbers
    after such a division leaves; it is proved by counting. So does a class that is asked for and never trained on, though inputs like its
    own were (as near to a training example as those of other classes are, in data that do not lie sorted): they were called something
    else.
    """

    name = "labels-corrupted-by-preprocessing"
    title = Text("labels changed by preprocessing", "전처리로 망가진 레이블")
    explanation = Text(
        "Labels are names. Divided by 255 or standardised along with the inputs they become numbers close together, or the same number; "
        "what the network is asked to tell apart is no longer told apart by the targets.",
        "레이블은 이름이다. 입력과 함께 255로 나누거나 표준화하면 서로 바짝 붙은 수가 되거나 같은 수가 된다. 네트워크가 가려야 할 것을 "
        "목푯값이 이미 가리지 못한다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES

    def look(self, seen: Examination) -> Suspicion:
        y = train_targets(seen)
        if not y.is_floating_point():
            dataset = seen.fitted.dataset
            found = len(torch.cat([y, dataset.validation.y, dataset.test.y]).unique())  # what was cast was cast everywhere
            one = found == 1 and len(y) > 1
            other = relabelled(seen)
            if other is not None and other.there and not one:
                shown = _LOST.fill(share=other.share, distance=other.distance)
                return Suspicion(self, [Evidence(_RELABELLED, shown, _FAR, "for")], 1.0, proved=True)
            return Suspicion(
                self, [Evidence(_CLASSES, plain(str(found)), _MORE, "for" if one else "against")], float(one), proved=one
            )
        values = few_values(seen)
        if values is None or not _even(values) or bool((values == values.round()).all()):
            return Suspicion(self, [], 0.0)
        classes = loss_fact(seen).reads in ("probabilities", "logits", "log-probabilities", "scores")
        scaled = _whole(values * 255) or (abs(float(y.mean())) < 0.05 and abs(float(y.std(correction=0)) - 1) < 0.05)
        speaks: Speaks = "for" if classes or scaled else "neither"
        shown = join([plain(f"{float(value):.3g}") for value in values[:5]], ", ")
        return Suspicion(self, [Evidence(_VALUES, shown, _WHOLE, speaks)], 0.9 if classes else 0.7 if scaled else 0.2)

    def remedies(self, seen: Examination) -> list[Remedy]:
        if self.look(seen).speaks != "for" or not train_targets(seen).is_floating_point():
            return []
        return [Remedy(Text("labels as whole numbers again", "다시 정수로 적은 레이블"), ranked)]


def _even(values: Tensor) -> bool:
    """Whether sorted values lie at whole multiples of their least distance."""
    steps = values.diff()
    return _whole(steps / steps.min())


def _whole(values: Tensor) -> bool:
    return bool(torch.isclose(values, values.round(), rtol=EVEN, atol=EVEN).all())


_RELABELLED = Text(
    "test examples of classes that training does not know, and how far they lie from training examples, over the usual distance",
    "학습에 없는 클래스의 테스트 예제와, 그것이 학습 예제에서 떨어진 거리를 보통 거리로 나눈 값",
)
_LOST = Text("{share:.0%}, {distance:.2g}", "{share:.0%}, {distance:.2g}")
_FAR = Text("none; or far from all that was trained on", "없음. 있다면 학습한 것과 멀리 떨어져 있음")
_CLASSES = Text("classes among all examples", "모든 예제에 있는 클래스 수")
_MORE = Text("2 or more", "2개 이상")
_VALUES = Text("few different targets at even distances", "같은 간격으로 놓인 몇 안 되는 목푯값")
_WHOLE = Text("whole numbers, where classes are meant", "클래스라면 정수")
