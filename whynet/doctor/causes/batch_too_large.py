"""So many examples go into one step that there are too few steps."""

from __future__ import annotations

import math

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion, set_aside
from whynet.doctor.controls.noise_scale import noise_scale
from whynet.doctor.examination import Examination
from whynet.registry import register
from whynet.text import Text, plain

FEW, MANY = 4, 20  # steps in an epoch
FALLING = 0.1  # of the loss, over the last third of training
WAY = 1.0  # length of all updates together over the length of the weights
SMALLER = (64, 16)


@register(
    "cause",
    year=2018,
    source="McCandlish, Kaplan, Amodei and the OpenAI Dota team, An empirical model of large-batch training (2018)",
    en="A step takes far more examples than it needs, so an epoch has few steps, and training ends before it is done.",
    ko="걸음 하나에 필요한 것보다 훨씬 많은 예제를 써서 에폭마다 걸음이 적고, 다 배우기 전에 학습이 끝난다.",
)
class BatchTooLarge(Cause):
    """B ≫ tr(Σ) / ‖G‖²: beyond the noise scale more examples hardly change the direction of a step (McCandlish et al. 2018).

    Signs: no more than four steps in an epoch, and training that ends on the way: the loss falls by more than a tenth over its last third,
    or all updates together are shorter than the weights. Many steps, a loss that has settled, or a batch below the
    noise scale of the untrained and the trained network speak against. That the examples would be used better by shorter batches at the
    same number of epochs is what the trial shows.
    """

    name = "batch-too-large"
    title = Text("batches too large", "너무 큰 배치(batch)")
    explanation = Text(
        "A thousand examples agree about the direction nearly as well as all of them. Whoever asks all of them before every step takes "
        "few steps for the same work.",
        "예제 천 개가 가리키는 방향은 전체가 가리키는 방향과 거의 같다. 걸음마다 전부에게 물으면 같은 일을 하고도 몇 걸음 나아가지 못한다.",
    )
    place = "time"
    question = "batch-size"

    def look(self, seen: Examination) -> Suspicion:
        arm = seen.fitted.arm
        if seen.diverged or seen.cut or arm.steps_per_epoch > MANY or arm.batch_size <= SMALLER[-1]:
            return Suspicion(self, [], 0.0)
        few = arm.steps_per_epoch <= FEW
        way = seen.steps * max((v for v in seen.usual("update_ratio").values() if math.isfinite(v)), default=math.nan)
        slope, noise = seen.end_slope
        on_the_way = (slope < -FALLING and -slope > 3 * noise) or way < WAY
        evidence = [
            Evidence(_STEPS, plain(str(arm.steps_per_epoch)), _MANY, "for" if few else "neither"),
            Evidence(_SLOPE, plain(f"{slope:+.0%}"), _FLAT, "for" if on_the_way else "against"),
        ]
        if not (few and on_the_way):
            return Suspicion(self, set_aside(evidence), 0.0)
        needed = noise_scale(seen)
        shown = _EXAMPLES.fill(batch=arm.batch_size, needed=needed)
        speaks: Speaks = "for" if arm.batch_size > 10 * needed else "against" if arm.batch_size < needed else "neither"
        evidence.append(Evidence(_NEEDED, shown, _NO_MORE, speaks))
        if speaks == "against":
            return Suspicion(self, set_aside(evidence), 0.0)
        return Suspicion(self, evidence, {"for": 0.9, "neither": 0.6}[speaks])

    def remedies(self, seen: Examination) -> list[Remedy]:
        name = Text("batches of {n}", "배치 크기 {n}")
        now = seen.fitted.arm.batch_size
        return [
            Remedy(name.fill(n=size), lambda r, size=size: r.change(batch_size=size))  # type: ignore[misc]
            for size in SMALLER
            if size < now
        ]


_STEPS = Text("steps in an epoch", "에폭마다의 걸음 수")
_MANY = Text("20 or more", "20 이상")
_SLOPE = Text("change of the loss over the last third of training", "학습의 마지막 1/3 동안 손실의 변화")
_FLAT = Text("above -10 %, after a way longer than the weights", "가중치의 크기보다 긴 길을 지나 -10 % 이상")
_NEEDED = Text("examples in a batch, and as many as tell the direction", "배치의 예제 수와 방향을 아는 데 드는 예제 수")
_EXAMPLES = Text("{batch} and {needed:.2g}", "{batch}, {needed:.2g}")
_NO_MORE = Text("no more than ten times as many", "열 배 이하")
