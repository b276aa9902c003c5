"""What convolutions look for and what they find: the filters of the first, the maps of some."""

from __future__ import annotations

from torch import Tensor, nn

from whynet.models.features import Trained, choose, features, network_of

LAYERS = 5


def filters(model: nn.Module | Trained) -> tuple[str, Tensor] | None:
    """The name and the weights (filters, channels, h, w) of the first convolution over pictures; None where there is none."""
    for name, module in network_of(model).named_modules():
        if isinstance(module, nn.Conv2d):
            return name, module.weight.detach().cpu()
    return None


def feature_maps(model: nn.Module | Trained, x: Tensor, names: str | list[str] | None = None) -> dict[str, Tensor]:
    """The maps (C, h, w) that layers put out for one picture ``x`` (C, H, W); ``names``: else five or fewer along the way.

    Raises `UnknownNameError`.
    """
    network = network_of(model)
    outputs = features(network, x[None], choose(network, names) if names is not None else None)
    maps = {name: output[0].cpu() for name, output in outputs.items() if output.ndim == 4 and output.shape[-1] > 1}
    maps = {name: values for name, values in maps.items() if not name.endswith("weights")}  # attention is no map of the picture
    return maps if names is not None else _some(maps)


def _some(maps: dict[str, Tensor]) -> dict[str, Tensor]:
    """The stages of the network where there are three or more, else the parts of its stages, …; five or fewer of them."""
    deepest = max((name.count(".") for name in maps), default=0)
    level = next((d for d in range(deepest) if sum(name.count(".") == d for name in maps) >= 3), deepest)
    names = [name for name in maps if name.count(".") == level]
    if len(names) > LAYERS:  # spread from the first to the last
        names = [names[round(i * (len(names) - 1) / (LAYERS - 1))] for i in range(LAYERS)]
    return {name: maps[name] for name in names}
