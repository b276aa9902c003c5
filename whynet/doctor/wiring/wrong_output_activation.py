"""The cause `wrong-output-activation`, as a loop shows it: one softmax over tags of which several are true at once, or none."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.causes.wrong_output_activation import WrongOutputActivation as FromRecipe
from whynet.doctor.fault import PROVED, Fault, Mend
from whynet.doctor.loop import Loop
from whynet.text import Text, plain

SHARE = 0.05  # of the rows; fewer may be mistakes of who wrote the labels


class WrongOutputActivation(Fault):
    """Binary cross-entropy of rows that add up to 1, towards rows of 0 and 1 that do not.

    Probabilities that share 1 among them cannot all be 1, nor all be 0, so such targets are out of reach whatever the weights are.
    Proved where that is so for more than one row in twenty. Where each row holds one 1, the softmax is right, and the loss works.
    """

    name = FromRecipe.name
    title = FromRecipe.title
    explanation = FromRecipe.explanation
    place = FromRecipe.place
    question = FromRecipe.question

    def notice(self, loop: Loop) -> Suspicion:
        looked = [
            (call, seen.tagged, seen.count)
            for call, seen in loop.trained_towards
            if call.name == "binary_cross_entropy" and seen.tagged is not None
        ]
        if not looked:
            return self.nothing()
        share = sum(tagged * count for _, tagged, count in looked) / sum(count for *_, count in looked)
        softmax = all(call.rows_sum for call, *_ in looked)
        wrong = softmax and share > SHARE
        shown = _SOFTMAX if softmax else _APART
        evidence = [Evidence(_ENDING, shown, _APART if share > SHARE else shown, "for" if wrong else "against")]
        if wrong:
            evidence.append(Evidence(_ROWS, plain(f"{share:.0%}"), plain("0 %"), "for"))
        return self.held(evidence, PROVED if wrong else 0.0)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("- output = torch.softmax(output, dim=1)", "+ output = torch.sigmoid(output)"))


_ENDING = Text("what binary_cross_entropy receives", "binary_cross_entropy가 받는 것")
_SOFTMAX = Text("rows that add up to 1", "더하면 1이 되는 행")
_APART = Text("a probability for each tag by itself", "태그마다 따로 매긴 확률")
_ROWS = Text("rows of targets with several tags or none", "태그가 여럿이거나 하나도 없는 목푯값 행")
_MEND = Text("a sigmoid for each tag", "태그마다 시그모이드")
