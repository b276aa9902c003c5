"""The cause `softmax-before-logits-loss`, as a loop shows it: probabilities handed to a loss that reads logits."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.causes.softmax_before_logits_loss import SoftmaxBeforeLogitsLoss
from whynet.doctor.fault import PROVED, Fault, Mend
from whynet.doctor.loop import Loop
from whynet.text import Text


class DoubleSoftmax(Fault):
    """Every row given to ``cross_entropy`` is not negative and sums to 1: proved by the values, for logits do not do that.

    Logarithms of probabilities are no fault there: log softmax of log p is log p again.
    """

    name = SoftmaxBeforeLogitsLoss.name
    title = SoftmaxBeforeLogitsLoss.title
    explanation = SoftmaxBeforeLogitsLoss.explanation
    place = SoftmaxBeforeLogitsLoss.place
    question = SoftmaxBeforeLogitsLoss.question

    def notice(self, loop: Loop) -> Suspicion:
        calls = [call for call in loop.calls if call.name == "cross_entropy"]
        if not calls:
            return self.nothing()
        guilty = [call for call in calls if call.rows_sum or call.last_operation == "softmax"]
        evidence = Evidence(_GIVEN, _SUMS if guilty else _LOGITS, _LOGITS, "for" if guilty else "against")
        return self.held([evidence], PROVED if guilty else 0.0)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("- return self.answer(x).softmax(dim=1)", "+ return self.answer(x)"))


_GIVEN = Text("what cross_entropy was given", "cross_entropy가 받은 것")
_SUMS = Text("probabilities: rows sum to 1", "확률: 행의 합이 1")
_LOGITS = Text("logits", "로짓(logit)")
_MEND = Text("hand the loss the logits", "손실에 로짓을 준다")
