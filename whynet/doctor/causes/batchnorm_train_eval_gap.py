"""Batch norm's running averages are not those of the network that was trained."""

from __future__ import annotations

from torch.nn.modules.batchnorm import _NormBase

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion, set_aside
from whynet.doctor.controls.modes import modes
from whynet.doctor.examination import Examination
from whynet.doctor.surgery import with_norm_momentum
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text

GAP = 0.1  # of the way from chance to what the batch's statistics give
REMEMBERED = 0.1  # share of the very first averages, 0 and 1, that is left at the end
USUAL = 0.1  # momentum of torch


@register(
    "cause",
    year=2017,
    source='Ioffe, Batch renormalization (2017); Wu and Johnson, Rethinking "batch" in BatchNorm (2021)',
    en="The network is good with the statistics of the batch and bad with the running averages that are used afterwards.",
    ko="배치의 통계로는 잘 답하는데, 나중에 쓰는 이동 평균(running average)으로는 그렇지 못하다.",
)
class BatchnormTrainEvalGap(Cause):
    """The same weights on the same examples: the metric by batch statistics over that by running averages.

    The two differ by sampling alone where the averages are right: by no more than three standard errors. More than that, and more
    than a tenth of the way from chance, is a gap. After T steps with momentum m the averages still hold (1 - m)^T of the 0 and 1 they
    began with; where that is more than a tenth they cannot be right, which is proved together with the gap.
    Where it is the examination that was cut so short, the whole training would have forgotten them: then nothing is said.
    """

    name = "batchnorm-train-eval-gap"
    title = Text("batch norm differs between training and use", "학습할 때와 쓸 때가 다른 배치 정규화")
    explanation = Text(
        "In training batch norm uses the mean and spread of the batch; afterwards it uses averages gathered on the way. Where these lag "
        "behind, the network that is used is not the one that was trained.",
        "배치 정규화는 학습 중에는 배치의 평균과 폭을 쓰고, 그 뒤에는 학습하며 모은 이동 평균을 쓴다. 이동 평균이 뒤처져 있으면 "
        "쓰이는 네트워크는 학습된 네트워크가 아니다.",
    )
    place = "network"
    question = "batch-norm"

    def look(self, seen: Examination) -> Suspicion:
        found = modes(seen)
        if found is None:
            return Suspicion(self, [], 0.0)
        gap = found.batch - found.running
        wide = gap > found.noise and gap > GAP * (found.batch - seen.chance)
        shown = _BOTH.fill(batch=found.batch, running=found.running)
        evidence = [Evidence(_SCORES, shown, _ALIKE, "for" if wide else "against")]
        left = _left(seen, len(seen.losses))
        if left is not None:
            stale = left > REMEMBERED
            if stale and seen.cut and (_left(seen, seen.whole_steps) or 0.0) <= REMEMBERED:
                return Suspicion(self, set_aside(evidence), 0.0)
            evidence.append(Evidence(_LEFT, _SHARE.fill(v=left), _TENTH, "for" if wide and stale else "neither"))
            return Suspicion(self, evidence, 1.0 if wide else 0.0, proved=wide and stale)
        return Suspicion(self, evidence, 1.0 if wide else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        def smaller(recipe: Recipe) -> Recipe | None:
            steps = seen.fitted.arm.steps_per_epoch
            return recipe.change(batch_size=max(2, seen.fitted.arm.batch_size // 8)) if steps < 10 else None

        return [
            Remedy(
                Text("momentum {m} for the averages", "이동 평균의 모멘텀 {m}").fill(m=USUAL),
                lambda r: with_norm_momentum(r, USUAL),
            ),
            Remedy(
                Text("momentum {m} for the averages", "이동 평균의 모멘텀 {m}").fill(m=0.5),
                lambda r: with_norm_momentum(r, 0.5),
            ),
            Remedy(Text("smaller batches, so more of them", "더 작고 그래서 더 많은 배치"), smaller),
        ]


def _left(seen: Examination, steps: int) -> float | None:
    """The largest share of the initial averages that is left after so many steps."""
    norms = [child for child in seen.fitted.arm.network.module.modules() if isinstance(child, _NormBase)]
    shares = [(1 - one.momentum) ** steps for one in norms if one.momentum is not None]
    return max(shares, default=None)


_SCORES = Text(
    "the metric on the same training examples by the batch's statistics, and by the running averages",
    "같은 학습 예제에서 배치의 통계로 잰 지표와 이동 평균으로 잰 지표",
)
_BOTH = Text("{batch:.2f} and {running:.2f}", "{batch:.2f}, {running:.2f}")
_ALIKE = Text("alike", "비슷함")
_LEFT = Text("share of the averages that is still what they began with", "이동 평균에 남아 있는 첫 값의 비율")
_SHARE = Text("{v:.0%}", "{v:.0%}")
_TENTH = Text("below 10 %", "10 % 미만")
