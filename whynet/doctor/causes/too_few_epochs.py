"""Training ended while the network was still learning."""

from __future__ import annotations

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion
from whynet.doctor.examination import Examination
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain

FALLING = 0.1  # of the loss, over the last third of training


@register(
    "cause",
    year=2012,
    source="Bengio, Practical recommendations for gradient-based training (2012)",
    en="Training ended while the loss was still falling.",
    ko="손실이 아직 줄어드는 동안 학습이 끝났다.",
)
class TooFewEpochs(Cause):
    """The loss still falls by more than a tenth over the last third of training, by three times its noise."""

    name = "too-few-epochs"
    title = Text("too few epochs", "부족한 에폭(epoch)")
    explanation = Text(
        "The network is on its way and simply was not given the time.",
        "네트워크는 제대로 가고 있지만 시간이 모자랐다.",
    )

    def look(self, seen: Examination) -> Suspicion:
        if seen.diverged:
            return Suspicion(self, [], 0.0)
        slope, noise = seen.end_slope
        falling = slope < -FALLING and -slope > 3 * noise
        evidence = [Evidence(_SLOPE, plain(f"{slope:+.0%}"), _FLAT, "for" if falling else "against")]
        return Suspicion(self, evidence, 0.6 if falling else 0.1)

    def remedies(self, seen: Examination) -> list[Remedy]:
        def longer(recipe: Recipe) -> Recipe | None:
            if recipe.steps is not None:
                return recipe.change(steps=recipe.steps * 3)
            return recipe.change(epochs=recipe.epochs * 3)

        return [Remedy(Text("three times the epochs", "에폭을 세 배로"), longer)]


_SLOPE = Text("change of the loss over the last third of training", "학습의 마지막 1/3 동안 손실의 변화")
_FLAT = Text("above -10 %", "-10 % 이상")
