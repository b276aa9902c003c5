"""The share of units that are silent for the whole batch."""

from torch import Tensor

from whynet.engine.probes.probe import ActivationProbe
from whynet.registry import register


@register(
    "probe",
    year=2013,
    source="Maas, Hannun and Ng",
    en="Share of units whose output is zero for every example of the batch: they pass no gradient back.",
    ko="배치의 모든 예제에서 출력이 0인 유닛의 비율. 이런 유닛은 기울기를 되돌려 보내지 못한다.",
)
class DeadFraction(ActivationProbe):
    """Share of units with output 0 on every example; a unit of a convolution is a channel."""

    name = "dead_fraction"

    def of(self, output: Tensor, kind: str) -> Tensor:
        active = (output != 0).to(output.dtype)
        others = (0, *range(2, output.ndim))  # (B, units) or (B, C, H, W): over all but axis 1
        per_unit = active.sum(dim=others) if output.ndim > 1 else active.sum()
        return (per_unit == 0).to(output.dtype).mean()
