"""The update divides by next to nothing."""

from __future__ import annotations

import numpy as np

from whynet import registry
from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion, set_aside
from whynet.doctor.examination import Examination
from whynet.doctor.facts.gradient import first_gradient
from whynet.doctor.rates import settings
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.spec import Spec
from whynet.text import Text, plain

FAR_BELOW = 0.01  # of the rule's usual value
SPIKE = 10.0  # times the least loss reached before, both over a twentieth of the steps
LOW = 0.1  # of the loss at the start


@register(
    "cause",
    year=2015,
    source="Kingma and Ba, Adam (2015); Abadi et al., TensorFlow's notes on epsilon in AdamOptimizer",
    en="Where the gradient is nearly zero the update is 0 / 0, or a full step in a random direction, since eps does not hold it back.",
    ko="기울기(gradient)가 거의 0인 곳에서 eps가 막아 주지 못해 갱신이 0 / 0이 되거나 아무 방향으로나 온전한 걸음이 된다.",
)
class OptimizerEpsilonTooLow(Cause):
    """Δw = -η m̂ / (√v̂ + ε): with ε = 0 a weight whose gradient is always zero is moved by 0 / 0.

    That is proved where ε is zero, some weight's gradient is exactly zero and the weights stopped being numbers. Short of it: where
    training had brought the loss below a tenth of its start and then the loss jumps above that again and to more than ten times its
    least, gradients had become so small that √v̂ is noise, which only ε can outweigh (Kingma and Ba 2015, section 2.1: |Δw| ≈ η
    whatever the size of the gradient). An ε a hundredth of the rule's usual one or less is a sign; the usual one speaks neither
    way. Rules without ε are ruled out.
    """

    name = "optimizer-epsilon-too-low"
    title = Text("epsilon of the optimizer too low", "옵티마이저의 너무 작은 엡실론(epsilon)")
    explanation = Text(
        "Adam and its kin divide each gradient by its own recent size. Where that size is nearly zero, noise is blown up to full steps, "
        "unless epsilon is added to what it is divided by.",
        "Adam과 그 계열은 기울기를 그 기울기의 최근 크기로 나눈다. 그 크기가 거의 0이면 나누는 수에 더한 엡실론이 막지 않는 한 "
        "잡음이 온전한 걸음으로 부푼다.",
    )
    place = "rule"

    def look(self, seen: Examination) -> Suspicion:
        name, options = settings(seen.recipe)
        eps = options.get("eps")
        if eps is None:
            return Suspicion(self, [], 0.0)
        usual = float(registry.get("optimizer", name).parameters["eps"].default)
        low = float(eps) <= FAR_BELOW * usual
        evidence = [Evidence(_EPS, plain(f"{eps:g}"), plain(f"{usual:g}"), "for" if low else "neither")]
        dead = any(bool((g == 0).any()) for g in first_gradient(seen).values())
        if low and float(eps) == 0 and seen.diverged and dead:
            evidence.append(Evidence(_ZERO, _NAN, _NUMBERS, "for"))
            return Suspicion(self, evidence, 1.0, proved=True)
        jump = _jump(seen.losses)
        jumped = jump > SPIKE
        evidence.append(Evidence(_JUMP, plain(f"{jump:.2g}"), _BELOW, "for" if jumped else "against" if not low else "neither"))
        if not jumped and not (low and seen.diverged):
            return Suspicion(self, set_aside(evidence), 0.0)
        return Suspicion(self, evidence, 0.7 if low else 0.3)

    def remedies(self, seen: Examination) -> list[Remedy]:
        name = Text("epsilon {v:g}", "엡실론 {v:g}")
        return [
            Remedy(name.fill(v=v), lambda r, v=v: _with_eps(r, v))  # type: ignore[misc]
            for v in (1e-8, 1e-4, 1e-2)
        ]


def _jump(losses: np.ndarray) -> float:
    """The largest later loss over the least before it, in means of a twentieth of the steps; 1 where it was never low."""
    finite = losses[np.isfinite(losses)]
    if len(finite) < 200:
        return 1.0
    means = np.array([part.mean() for part in np.array_split(finite, 20)])
    least = np.minimum.accumulate(means)
    low = (least < LOW * means[0]) & (means > LOW * means[0])  # a jump within what is low anyway is one batch or two
    return float((means[low] / np.maximum(least[low], 1e-12)).max()) if low.any() else 1.0


def _with_eps(recipe: Recipe, eps: float) -> Recipe | None:
    name, options = settings(recipe)
    if options.get("eps") is None or options["eps"] >= eps:
        return None
    if isinstance(recipe.optimizer, Spec):
        return recipe.change(optimizer=recipe.optimizer.replace(eps=eps))
    return recipe.change(optimizer=Spec(name, {**options, "eps": eps}))


_EPS = Text("epsilon", "엡실론")
_ZERO = Text("weights whose gradient is exactly zero, after the first steps", "기울기가 정확히 0인 가중치의 첫 걸음 뒤 값")
_NAN, _NUMBERS = Text("not a number", "수가 아님"), Text("numbers", "수")
_JUMP = Text(
    "largest loss over the least before it, once it was low", "손실이 작아진 뒤의 가장 큰 값을 그 앞의 최솟값으로 나눈 값"
)
_BELOW = Text("below 10", "10 미만")
