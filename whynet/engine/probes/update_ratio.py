"""‖Δw‖ / ‖w‖ of each layer: how far does one step move it?"""

from torch import Tensor

from whynet.engine.network import Layer
from whynet.engine.probes.probe import LayerProbe, View
from whynet.registry import register

TINY = 1e-12  # keeps the ratio finite where all weights are zero


@register(
    "probe",
    year=2015,
    source="Karpathy, CS231n lecture notes: about 1e-3 is usual",
    en="Length of the update over length of the weights, by layer; about 0.001 is usual.",
    ko="층마다 갱신량의 크기를 가중치의 크기로 나눈 값. 보통 0.001쯤이다.",
)
class UpdateRatio(LayerProbe):
    """‖w′ − w‖₂ / ‖w‖₂ of a layer's own parameters."""

    name = "update_ratio"
    needs = frozenset({"weights", "update"})

    def of(self, view: View, layer: Layer) -> Tensor:
        before, after = view.weights[layer.start : layer.stop], view.updated[layer.start : layer.stop]
        return (after - before).norm() / (before.norm() + TINY)
