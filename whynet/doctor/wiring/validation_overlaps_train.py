"""The network is judged by examples it was trained on."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import LIKELY, POSSIBLE, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import MOST_EXAMPLES, Loop
from whynet.text import Text

LEAST = 20  # different examples that were evaluated
SOME = 0.05  # share of a batch from which on it is no accident
TWICE = 0.001  # of the examples may equal another of their batch; more, and equal examples are no wonder
EPOCHS = 1.5  # passes over the training set before an example that was not trained on counts as new


@wiring_fault(
    year=2009,
    source="Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), section 7.10.2",
    en="Examples that are evaluated were also trained on, so the metric says nothing of new ones.",
    ko="평가하는 예제로 학습도 해서 지표가 새 예제에 대해 아무것도 말해 주지 않는다.",
)
class ValidationOverlapsTrain(Fault):
    """An input that is evaluated equals, value for value, one that a step was taken on.

    Proved where batches mix known and new examples after more than a whole epoch: the evaluated set itself overlaps. Where every
    evaluated example was trained on it may be meant (the training accuracy), so that is a suspicion. Batches all known beside
    batches all new are both sets evaluated one after the other, and are not accused; nor are inputs of so few different values that
    equal ones are no wonder: one in a thousand equals another of its batch, which of 64 happens by chance with 32,000 values.
    """

    name = "validation-overlaps-train"
    title = Text("validation overlaps training", "학습과 겹치는 검증 데이터")
    explanation = Text(
        "A network can learn examples by heart. Judged by those, it looks better than it will be on anything new, and overfitting "
        "stays hidden.",
        "네트워크는 예제를 외울 수 있다. 외운 예제로 평가하면 새 예제에서보다 좋아 보이고 과적합(overfitting)이 드러나지 않는다.",
    )
    place = "data"
    needs_steps = True

    def notice(self, loop: Loop) -> Suspicion:
        evaluated = {one for judged in loop.judged for one in judged.examples}
        if len(evaluated) < LEAST or not loop.trained_on:
            return self.nothing()
        known = len(evaluated & loop.trained_on)
        shares = [
            sum(one in loop.trained_on for one in judged.examples) / len(judged.examples)
            for judged in loop.judged
            if judged.examples
        ]
        mixed = sum(SOME < share < 1 - SOME for share in shares)
        seen = _OF.fill(known=known, n=len(evaluated))
        cut_short = loop.train_visits < EPOCHS * len(loop.trained_on) or len(loop.trained_on) >= MOST_EXAMPLES
        if known < SOME * len(evaluated):
            return self.held([Evidence(_KNOWN, seen, _NONE, "against")], 0.0)
        if loop.twins > TWICE * loop.looked:  # equal inputs are no wonder here
            return self.held([Evidence(_KNOWN, seen, _NONE, "neither")], 0.0)
        if 2 * mixed > len(shares):
            sure = not cut_short
            return self.held([Evidence(_KNOWN, seen, _NONE, "for" if sure else "neither")], PROVED if sure else POSSIBLE)
        meant = known < len(evaluated)  # some batches all known, others all new: the training set is evaluated as well
        return self.held([Evidence(_KNOWN, seen, _NONE, "neither" if meant else "for")], 0.0 if meant else LIKELY)

    def mend(self, loop: Loop) -> Mend:
        return Mend(
            _MEND,
            (
                "+ train_set, validation_set = torch.utils.data.random_split(dataset, [0.8, 0.2])",
                "+ validation_loader = DataLoader(validation_set, batch_size=64)",
            ),
        )


_KNOWN = Text("evaluated examples that were trained on", "평가한 예제 가운데 학습에도 쓰인 것")
_OF = Text("{known} of {n}", "{n}개 가운데 {known}개")
_NONE = Text("none", "없음")
_MEND = Text("keep examples apart that are never trained on", "학습에 쓰지 않을 예제를 따로 둔다")
