"""So few examples go into one step that steps say more about them than about the task."""

from __future__ import annotations

import numpy as np
from torch.nn.modules.batchnorm import _NormBase

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion
from whynet.doctor.controls.noise_scale import noise_scale
from whynet.doctor.examination import Examination
from whynet.registry import register
from whynet.text import Text, plain

NORMED, PLAIN, ENOUGH = 4, 8, 16  # examples in a batch
FLAT = 0.05  # change of the loss over the last third of training
LARGER = (32, 128)


@register(
    "cause",
    year=2018,
    source="Wu and He, Group normalization (2018); McCandlish et al., An empirical model of large-batch training (2018)",
    en="A batch of a few examples says little about the task, so steps are mostly noise and batch norm divides by chance.",
    ko="예제 몇 개로 된 배치는 과제에 대해 말해 주는 것이 적어, 걸음이 대부분 잡음이고 배치 정규화는 우연한 값으로 나눈다.",
)
class BatchTooSmall(Cause):
    """B ≪ tr(Σ) / ‖G‖²: the direction of a step is noise, and the loss stops at a floor that the noise sets.

    With batch norm the statistics of four examples or fewer are off by half of themselves (standard error of a spread: 1 / √(2 (B - 1)));
    its error grows quickly below eight (Wu and He 2018). Without it, a batch of eight or fewer counts where it is less than
    a tenth of the noise scale and the loss no longer falls. Sixteen and more, or a loss that still falls, speak against: small batches are
    slow, not wrong.
    """

    name = "batch-too-small"
    title = Text("batches too small", "너무 작은 배치(batch)")
    explanation = Text(
        "Each step follows a handful of examples wherever they point. Far from the goal that is good enough; near it the steps only "
        "jump about.",
        "걸음마다 예제 몇 개가 가리키는 대로 따라간다. 목표에서 멀 때는 그것으로 충분하지만, 가까워지면 걸음이 이리저리 튀기만 한다.",
    )
    place = "rate"
    question = "batch-size"

    def look(self, seen: Examination) -> Suspicion:
        arm = seen.fitted.arm
        norms = any(isinstance(child, _NormBase) for child in arm.network.module.modules())
        size = arm.batch_size
        if size >= ENOUGH or size >= len(arm.dataset.train):
            return Suspicion(self, [], 0.0)
        normed = norms and size <= NORMED
        evidence = [Evidence(_SIZE, plain(str(size)), _WITH_NORM if norms else _SIXTEEN, "for" if normed else "neither")]
        if normed:
            return Suspicion(self, evidence, 0.9)
        losses = seen.losses[-max(2, len(seen.losses) // 3) :]
        half = len(losses) // 2
        first, last = float(np.mean(losses[:half])), float(np.mean(losses[half:]))
        falls = not np.isfinite(last) or last < (1 - FLAT) * first
        needed = noise_scale(seen)
        small = size <= PLAIN and size < needed / 10 and not falls and not seen.diverged
        speaks: Speaks = "for" if small else "against" if falls or size >= needed else "neither"
        evidence.append(Evidence(_NEEDED, _EXAMPLES.fill(batch=size, needed=needed), _TENTH, speaks))
        return Suspicion(self, evidence, 0.5 if small else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        name = Text("batches of {n}", "배치 크기 {n}")
        most = len(seen.fitted.dataset.train)
        return [
            Remedy(name.fill(n=size), lambda r, size=size: r.change(batch_size=size))  # type: ignore[misc]
            for size in LARGER
            if size <= most
        ]


_SIZE = Text("examples in a batch", "배치의 예제 수")
_WITH_NORM = Text("8 or more with batch norm", "배치 정규화를 쓰면 8 이상")
_SIXTEEN = Text("16 or more", "16 이상")
_NEEDED = Text(
    "examples in a batch, and as many as tell the direction at last", "배치의 예제 수와 끝에 방향을 아는 데 드는 예제 수"
)
_EXAMPLES = Text("{batch} and {needed:.2g}", "{batch}, {needed:.2g}")
_TENTH = Text("at least a tenth as many while the loss falls", "손실이 줄어드는 동안 적어도 10분의 1")
