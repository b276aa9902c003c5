"""The mean of each activation's output."""

from torch import Tensor

from whynet.engine.probes.probe import ActivationProbe
from whynet.registry import register


@register(
    "probe",
    year=2010,
    source="Glorot and Bengio",
    en="Mean of each activation function's output over the batch and its units.",
    ko="활성화 함수(activation)마다 배치와 유닛 전체에 대한 출력의 평균.",
)
class ActivationMean(ActivationProbe):
    """mean(a) over batch and units."""

    name = "activation_mean"

    def of(self, output: Tensor, kind: str) -> Tensor:
        return output.mean()
