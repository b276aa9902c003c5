"""Values to predict that lie far from where a network's answers begin."""

from __future__ import annotations

import numpy as np

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.outputs import trained_outputs
from whynet.doctor.facts.targets import classifies, train_targets
from whynet.doctor.surgery.data import with_standard_targets
from whynet.registry import register
from whynet.text import Text, plain

FAR, NEAR = 10.0, 3.0  # |mean| and spread of the targets
LONG = 0.1  # length of an update over the length of the weights, as for lr-too-high
ARRIVED = 0.5  # of the targets' root mean square


@register(
    "cause",
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp (1998), sections 4.3 to 4.6; Bishop, Neural networks (1995), section 8.2",
    en="Targets of hundreds or millions: the network starts near 0 and either crawls there or is blown apart by the first errors.",
    ko="목푯값이 수백, 수백만이면 0 근처에서 시작한 네트워크가 거기까지 기어가거나 첫 오차에 터져 버린다.",
)
class TargetsNotNormalized(Cause):
    """A network initialised for unit variance answers with numbers of about 1; the gradient of a squared error grows with the target.

    Targets whose |mean| or spread is above 10 make gradients ten times those of standardised targets, and losses a hundred times. That
    is a fault only if it shows: training diverged, the loss rose or an early update moved weights by a tenth of their length; or the
    answers at the end still have less than half the root mean square of the targets, so that they never arrived (Adam moves a weight by
    about its learning rate a step). Up to 3 speaks against.

    Steps that are too long are the sign of a rate that is too high just as well, and how far targets lie does not change the curvature of
    a squared error in the last layer: where a lower rate alone is enough, it is the rate.
    """

    name = "targets-not-normalized"
    title = Text("targets not normalised", "정규화하지 않은 목푯값")
    explanation = Text(
        "The error is at first as large as the targets, and so is the gradient: steps that suit the weights do not suit the error. "
        "Standardise the targets for training and turn the answers back afterwards.",
        "처음 오차는 목푯값만큼 크고 기울기도 그만큼 커서, 가중치에 맞는 걸음이 오차에는 맞지 않는다. 학습할 때는 목푯값을 표준화하고 "
        "답을 나중에 되돌린다.",
    )
    place = "data"
    tasks = WHOLE_EXAMPLES
    question = "input-scaling"

    def look(self, seen: Examination) -> Suspicion:
        if classifies(seen):
            return Suspicion(self, [], 0.0)
        y = train_targets(seen)
        size = max(float(y.mean(0).abs().max()), float(y.std(0, correction=0).max()))
        if size <= FAR:
            speaks: Speaks = "against" if size <= NEAR else "neither"
            return Suspicion(self, [Evidence(_SIZE, plain(f"{size:.3g}"), _ONE, speaks)], 0.0 if speaks == "against" else 0.2)
        ratios = [v for v in seen.greatest("update_ratio").values() if np.isfinite(v)]
        longest = max(ratios, default=float("inf"))
        burst = seen.diverged or seen.rose or longest > LONG
        reached = (
            0.0 if seen.diverged else float(trained_outputs(seen).double().square().mean().sqrt() / y.square().mean().sqrt())
        )
        short = not seen.diverged and reached < ARRIVED
        evidence = [
            Evidence(_SIZE, plain(f"{size:.3g}"), _ONE, "for" if burst or short else "neither"),
            Evidence(_UPDATE, plain(f"{longest:.1g}"), plain("0.001"), "for" if burst else "neither"),
            Evidence(_REACHED, plain(f"{reached:.0%}"), plain("100 %"), "for" if short else "neither"),
        ]
        return Suspicion(self, evidence, 0.9 if burst or short else 0.3, unless=("lr-too-high",) if burst and not short else ())

    def remedies(self, seen: Examination) -> list[Remedy]:
        if self.look(seen).speaks == "against" or classifies(seen):
            return []
        return [Remedy(Text("standardised targets", "표준화한 목푯값"), with_standard_targets)]


_SIZE = Text("largest mean or spread of the targets", "목푯값의 평균이나 퍼짐 가운데 가장 큰 값")
_ONE = Text("about 1", "1쯤")
_UPDATE = Text(
    "longest of the first updates over the length of its weights", "처음 갱신 가운데 가장 긴 것을 그 가중치의 크기로 나눈 값"
)
_REACHED = Text("size of the answers at the end, over that of the targets", "끝에서 답의 크기를 목푯값의 크기로 나눈 값")
