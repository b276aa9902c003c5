"""The cause `wrong-loss`, as a loop shows it: a likelihood of yes and no for targets that are any numbers."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Speaks, Suspicion
from whynet.doctor.causes.wrong_loss import WrongLoss as FromRecipe
from whynet.doctor.fault import PROVED, Fault, Mend
from whynet.doctor.loop import Loop
from whynet.doctor.reach import LIKELIHOODS, share_outside
from whynet.text import Text, plain

SHARE = 0.05  # of the targets, as in `output-activation-range-mismatch`


class WrongLoss(Fault):
    """Binary cross-entropy of targets beyond 0 … 1 by more than a quarter, one in twenty and more.

    Its minimum does not lie at such a target but at the end of the range, or nowhere. Targets a little beyond are left alone, for noise is
    added to labels on purpose (0.7 to 1.2 in place of 1, when a judge of images is trained), and so are few whole numbers, which are
    labels written otherwise.
    """

    name = FromRecipe.name
    title = FromRecipe.title
    explanation = FromRecipe.explanation
    place = FromRecipe.place
    question = FromRecipe.question

    def notice(self, loop: Loop) -> Suspicion:
        looked = [(call, seen) for call, seen in loop.trained_towards if call.name in LIKELIHOODS]
        if not looked:
            return self.nothing()
        every = [seen for _, seen in looked]
        share = share_outside(every)
        codes = all(seen.codes for seen in every if seen.outside)
        wrong = share > SHARE and not codes
        lie = _LIE.fill(low=min(one.low for one in every), high=max(one.high for one in every))
        speaks: Speaks = "for" if wrong else "neither" if share else "against"
        evidence = [Evidence(_TARGETS.fill(loss=looked[0][0].name), lie, _UNIT, speaks)]
        if wrong:
            evidence.append(Evidence(_OUTSIDE, plain(f"{share:.0%}"), plain("0 %"), "for"))
        return self.held(evidence, PROVED if wrong else 0.0)

    def mend(self, loop: Loop) -> Mend:
        found = next((call.name for call, _ in loop.trained_towards if call.name in LIKELIHOODS), "binary_cross_entropy")
        sigmoid = ("- output = torch.sigmoid(output)",) if found == "binary_cross_entropy" else ()
        return Mend(_MEND, (*sigmoid, f"- F.{found}(output, y)", "+ F.mse_loss(output, y)"))


_TARGETS = Text("the targets that {loss} is given lie between", "{loss}에 준 목푯값이 놓인 범위")
_LIE = Text("{low:.3g} and {high:.3g}", "{low:.3g}~{high:.3g}")
_UNIT = Text("0 and 1", "0~1")
_OUTSIDE = Text("targets well outside", "그 밖으로 크게 벗어난 목푯값")
_MEND = Text("squared error, the likelihood of values", "값의 가능도(likelihood)인 제곱 오차")
