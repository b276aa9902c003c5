"""The inputs are far from zero mean and unit spread, or their scales differ widely."""

from __future__ import annotations

import math

import numpy as np

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import at_start
from whynet.doctor.facts.inputs import reaching, still_flat
from whynet.doctor.facts.overshoot import overshot
from whynet.doctor.facts.units import flattened
from whynet.doctor.rates import settings
from whynet.doctor.scaling import standardised
from whynet.registry import register
from whynet.text import Text

OFF, FAR = 1.5, 3.0  # |mean| and spread of a feature: harmless below the first, harmful above the second
UNEQUAL = 100.0  # largest over middle spread among features
TENTH = math.log(10)  # steps at the rate 1 / λ, in units of λ over the curvature, until a tenth of an error is left
MOSTLY, HARDLY = 0.5, 0.1  # of the first layer's answers on flat ends, as for saturated-activation
NEARLY_ALL = 0.9  # of them, where what comes back is a tenth and less


@register(
    "cause",
    year=1998,
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp (1998), section 4.3",
    en="Inputs with large means or unequal scales make the loss steep one way and flat another.",
    ko="입력의 평균이 크거나 특성마다 크기가 다르면 손실이 한쪽으로는 가파르고 다른 쪽으로는 평평해진다.",
)
class InputsNotNormalized(Cause):
    """Condition number of the inputs' second moments: with standardised inputs it is least (LeCun et al. 1998, §4.3).

    For one linear layer the curvature of the squared loss is E[x xᵀ]. A feature with mean m and spread s gives it an eigenvalue of about
    m² + s², so |m| or s above 3 makes an eigenvalue ten times that of a standardised feature, for which the learning rate would have to
    be ten times lower; up to 1.5 it is at most as large as that of two features. A spread a hundred times that of the middle feature
    makes a valley 10⁴ times longer than wide. Features with hardly any spread (pixels at the rim) do no harm: they only add directions
    in which nothing is to be learned.

    A valley is a fault of the inputs only if it is too long to be walked: some rate suits every valley. With the rate that the steepest
    direction wants, 1 / λ_max (LeCun et al. 1998, §4.6), an error along a direction of curvature 1, as a bias and a standardised feature
    have, shrinks by 1 − 1/λ_max a step: λ_max ln 10 steps leave a tenth of it. Where training is longer than that, large inputs ask for
    another rate, and it is the rate that is wrong; unless they push most answers of the first layer onto the flat ends of its
    activation, which no rate undoes.

    Proved where both ends of the valley are seen: gradient descent overshot it, and no rate that does not would get to the end. Proved as
    well where nine tenths of the first layer's answers lie on flat ends as training begins, and the same weights have less than a tenth
    there on the same inputs standardised. Measured is what reaches the first layer with weights: a network that scales or norms its
    inputs itself is not accused.
    """

    name = "inputs-not-normalized"
    title = Text("inputs not normalised", "정규화하지 않은 입력")
    explanation = Text(
        "Weights on a large input are corrected too much and weights on a small one too little by the same learning rate; "
        "large inputs also push sigmoid and tanh units into their flat ends.",
        "같은 학습률이라도 큰 입력에 걸린 가중치는 지나치게, 작은 입력에 걸린 가중치는 모자라게 고쳐진다. "
        "큰 입력은 시그모이드와 tanh를 평평한 끝으로 밀어내기도 한다.",
    )
    place = "data"
    question = "input-scaling"

    def look(self, seen: Examination) -> Suspicion:
        found = reaching(seen)
        if found is None:  # numbers of words, which are looked up
            return Suspicion(self, [], 0.0)
        mean, spread = found.mean.abs().numpy(), found.spread.numpy()
        spread = spread[spread > 0] if (spread > 0).any() else np.ones(1)
        largest = max(float(mean.max()), float(spread.max()))
        unequal = float(spread.max() / np.median(spread))
        needed = TENTH * found.steepest
        first = at_start(seen)[:1]
        flat = max((one.share for one in flattened(first)), default=0.0)
        long = needed > seen.whole_steps or flat >= MOSTLY
        size: Speaks = "for" if largest > FAR and long else "against" if largest <= OFF else "neither"
        scales: Speaks = "for" if unequal > UNEQUAL and largest > OFF else "neither"
        evidence = [
            Evidence(_SIZE, Text("{v:.3g}", "{v:.3g}").fill(v=largest), _ONE, size),
            Evidence(_SCALES, Text("{v:.3g}", "{v:.3g}").fill(v=unequal), _HUNDRED, scales),
        ]
        if largest > FAR:
            steps = _STEPS.fill(needed=needed, steps=seen.whole_steps)
            evidence.append(
                Evidence(_VALLEY, steps, _LONGER, "for" if size == "for" and needed > seen.whole_steps else "neither")
            )
        strength = 0.9 if "for" in (size, scales) else 0.1 if size == "against" else 0.2
        walled = settings(seen.recipe)[0] == "sgd" and needed > seen.whole_steps and overshot(seen)
        pushed = flat >= NEARLY_ALL and still_flat(seen) < HARDLY
        return Suspicion(self, evidence, strength, proved=size == "for" and (walled or pushed))

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [Remedy(Text("standardised inputs", "표준화한 입력"), standardised)]


_SIZE = Text("largest mean or spread of a feature", "특성의 평균이나 퍼짐 가운데 가장 큰 값")
_ONE = Text("about 1", "1쯤")
_SCALES = Text("largest spread over the middle one, among features", "특성의 퍼짐 가운데 가장 큰 값을 중앙값으로 나눈 값")
_VALLEY = Text(
    "steps that the inputs ask for at the rate that suits the largest, and steps taken",
    "가장 큰 입력에 맞는 학습률로 필요한 걸음 수와 실제 걸음 수",
)
_STEPS = Text("{needed:.2g} and {steps}", "{needed:.2g}, {steps}")
_LONGER = Text("fewer than are taken", "실제 걸음 수보다 적음")
_HUNDRED = Text("below 100", "100 미만")
