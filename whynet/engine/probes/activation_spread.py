"""How far each activation's output differs between examples."""

from torch import Tensor

from whynet.engine.probes.probe import ActivationProbe
from whynet.registry import register


@register(
    "probe",
    year=2010,
    source="Glorot and Bengio",
    en="Standard deviation of each unit over the batch, averaged over units: near zero, all examples look alike there.",
    ko="유닛마다 배치에 대한 표준편차를 구해 평균한 값. 0에 가까우면 그 층에서는 모든 예제가 똑같아 보인다.",
)
class ActivationSpread(ActivationProbe):
    """mean over units of std over the batch."""

    name = "activation_spread"

    def of(self, output: Tensor, kind: str) -> Tensor:
        return output.std(dim=0, correction=0).mean()
