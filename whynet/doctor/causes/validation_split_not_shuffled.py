"""The examples were cut into sets in the order they lay in, which was not a random one."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.apart import farthest_set
from whynet.doctor.surgery.data import reshuffled
from whynet.registry import register
from whynet.text import Text, plain


@register(
    "cause",
    year=1995,
    source="Kohavi, A study of cross-validation and bootstrap (1995); Kolmogorov (1933) and Smirnov (1948); Pearson (1900)",
    en="Sorted data cut in two without shuffling: training and test see different classes.",
    ko="정렬된 데이터를 섞지 않고 잘라서 학습과 테스트에 서로 다른 클래스가 들어 있다.",
)
class ValidationSplitNotShuffled(Cause):
    """Class shares (values: distributions) of the sets against what dealing out at random would give.

    Two sets of one distribution differ by chance: Pearson's χ² for classes, the test of Kolmogorov and Smirnov for values, at one in a
    million, and by 0.2 at least. That alone may be meant (a balanced test set for unbalanced data), so it counts for classes that the
    test asks for and training hardly holds, or where the training examples still lie sorted by class: neighbours in their order agree
    far more often than Σ p², as random ones would. A class that is asked for and never trained on is proof; so is a set half of which
    would have to be of other classes, where training lies sorted: it is the end of the list. Shuffled, the network is asked another
    question, and a metric that falls (all classes have to be told apart now) is no harm.
    """

    name = "validation-split-not-shuffled"
    title = Text("split without shuffling", "섞지 않고 나눈 데이터")
    explanation = Text(
        "If examples lie sorted and the last fifth becomes the test set, the network is asked about classes it has hardly met. Shuffle "
        "before the split.",
        "예제가 정렬되어 있는데 마지막 1/5을 테스트로 쓰면, 네트워크는 거의 만나지 못한 클래스를 묻는 시험을 본다. 나누기 전에 섞는다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES
    judging = True

    def look(self, seen: Examination) -> Suspicion:
        worst = farthest_set(seen)
        if worst is None:
            return Suspicion(self, [Evidence(_DISTANCE, _TOO_FEW, plain("0"), "neither")], 0.0)
        evidence = [Evidence(_DISTANCE, plain(f"{worst.distance:.2f}"), plain("0"), "for" if worst.counts else "against")]
        if worst.unseen > 0:
            evidence.append(Evidence(_UNSEEN, plain(f"{worst.unseen:.0%}"), plain("0 %"), "for" if worst.counts else "neither"))
        return Suspicion(self, evidence, 0.9 if worst.counts else 0.0, proved=worst.counts and (worst.never or worst.cut))

    def remedies(self, seen: Examination) -> list[Remedy]:
        return (
            [Remedy(Text("shuffled before the split", "나누기 전에 섞은 데이터"), reshuffled)]
            if self.look(seen).speaks == "for"
            else []
        )


_DISTANCE = Text(
    "distance of the targets in a set from those in training (0 to 1)", "학습과 다른 세트에서 목푯값 분포의 거리(0~1)"
)
_TOO_FEW = Text("too few examples", "너무 적은 예제")
_UNSEEN = Text("examples of classes that training hardly holds", "학습에 거의 없는 클래스의 예제")
