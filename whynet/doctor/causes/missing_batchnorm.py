"""Nothing keeps the signal's size from layer to layer, and it drifts."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.signals import first_signals
from whynet.doctor.surgery import with_norm
from whynet.registry import register
from whynet.text import Text, plain

DEEP = 5  # layers with weights
DRIFTED, STEADY = 10.0, 3.0  # largest over smallest spread of what hidden layers answer
DEAD = 1e-3  # gradients of first and last layer: below it they vanish, which is another cause
NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


@register(
    "cause",
    year=2015,
    source="Ioffe and Szegedy, Batch normalization (2015)",
    en="The layers answer on very different scales and nothing normalises them, so no rate suits them all.",
    ko="층마다 출력의 크기가 크게 다른데 정규화하는 것이 없어 모든 층에 맞는 학습률(learning rate)이 없다.",
)
class MissingBatchnorm(Cause):
    """max σ(z_ℓ) / min σ(z_ℓ) ≫ 1 over the hidden layers of a network of five layers or more without any normalisation.

    With gains of one every layer answers with the spread of the one before it (Glorot and Bengio 2010), so that a factor of three is
    within what widths and activations do, and ten is a drift. Where the gradient of the first layer is below a thousandth
    of the last's, or no gradient comes back, that explains more and has causes of its own.
    """

    name = "missing-batchnorm"
    title = Text("no normalisation between drifting layers", "정규화 없이 표류하는 층")
    explanation = Text(
        "Each layer learns while the scale of what it is given differs from its neighbours' and keeps changing. Normalising what every "
        "layer hands on lets one rate suit them all.",
        "층마다 받는 값의 크기가 서로 다르고 학습하는 동안에도 계속 바뀐다. "
        "층이 내보내는 값을 정규화하면 하나의 학습률이 모든 층에 맞는다.",
    )
    place = "network"
    question = "batch-norm"

    def look(self, seen: Examination) -> Suspicion:
        signals = first_signals(seen)
        if len(signals) < DEEP:
            return Suspicion(self, [], 0.0)
        if any(isinstance(child, NORMS) for child in seen.fitted.arm.network.module.modules()):
            return Suspicion(self, [Evidence(_NORMS, _YES, _ANY, "against")], 0.0)
        spread = [one.forward for one in signals[:-1]]
        drift = max(spread) / min(spread) if min(spread) > 0 else float("inf")
        arrives = signals[0].backward >= DEAD * signals[-1].backward > 0
        speaks: Speaks = "for" if drift > DRIFTED and arrives else "against" if drift < STEADY else "neither"
        evidence = [Evidence(_DRIFT, plain(f"{drift:.3g}"), _THREE, speaks)]
        return Suspicion(self, evidence, 0.7 if speaks == "for" else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [
            Remedy(Text("batch normalisation", "배치 정규화(batch normalisation)"), lambda r: with_norm(r, "batch")),
            Remedy(Text("layer normalisation", "층 정규화(layer normalisation)"), lambda r: with_norm(r, "layer")),
        ]


_NORMS = Text("layers that normalise", "정규화하는 층")
_YES, _ANY = Text("there are some", "있음"), Text("some in a deep network", "깊은 네트워크라면 있음")
_DRIFT = Text(
    "largest over smallest spread of what hidden layers answer", "은닉층 출력의 폭 가운데 최댓값을 최솟값으로 나눈 값"
)
_THREE = Text("below 3", "3 미만")
