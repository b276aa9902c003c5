"""The cause `output-activation-range-mismatch`, as a loop shows it: a bounded last operation, and targets beyond its range."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.causes.output_activation_range_mismatch import OutputActivationRangeMismatch as FromRecipe
from whynet.doctor.fault import PROVED, Fault, Mend
from whynet.doctor.loop import Loop
from whynet.doctor.reach import DISTANCES, share_outside
from whynet.text import Text, plain

SHARE = 0.05  # of the targets, as for a recipe: fewer are taken for noise about the end of the range


class OutputActivationRangeMismatch(Fault):
    """A squared or absolute error behind a sigmoid, softmax, tanh, relu or clamp, and more than one target in twenty out of its range.

    The range is read from the graph, which leaves nothing to guess: an operation after the activation, such as a scale, is another last
    operation, and nothing is said of it. An error that the loop itself still masks (``reduction="none"``) is left alone.
    """

    name = FromRecipe.name
    title = FromRecipe.title
    explanation = FromRecipe.explanation
    place = FromRecipe.place
    question = FromRecipe.question

    def notice(self, loop: Loop) -> Suspicion:
        looked = [(call, seen) for call, seen in loop.trained_towards if call.name in DISTANCES]
        if not looked:
            return self.nothing()
        share = share_outside([seen for _, seen in looked])
        wrong = share > SHARE
        call, worst = max(looked, key=lambda pair: pair[1].outside)
        low, high = worst.reach or (0.0, 0.0)
        shown = _RANGE.fill(low=low, high=high, name=call.last_operation or "clamp")
        lie = _LIE.fill(low=worst.low, high=worst.high)
        evidence = [Evidence(_TARGETS, lie, shown, "for" if wrong else "against")]
        if wrong:
            evidence.append(Evidence(_OUTSIDE, plain(f"{share:.0%}"), plain("0 %"), "for"))
        return self.held(evidence, PROVED if wrong else 0.0)

    def mend(self, loop: Loop) -> Mend:
        looked = [call for call, seen in loop.trained_towards if call.name in DISTANCES and seen.outside]
        last = next((call.last_operation for call in looked if call.last_operation), "activation")
        return Mend(_MEND, (f"- output = {last}(layer(x))", "+ output = layer(x)"))


_TARGETS = Text("the targets lie between", "목푯값이 놓인 범위")
_LIE = Text("{low:.3g} and {high:.3g}", "{low:.3g}~{high:.3g}")
_RANGE = Text("{low:.3g} to {high:.3g} ({name})", "{low:.3g}~{high:.3g}({name})")
_OUTSIDE = Text("targets that no weights can reach", "어떤 가중치로도 닿지 못하는 목푯값")
_MEND = Text("no activation after the last layer", "마지막 층 뒤의 활성화를 없앤다")
