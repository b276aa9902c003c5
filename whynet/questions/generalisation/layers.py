"""An mlp written down as its layers, so that something can be put between them."""

from __future__ import annotations

from typing import cast

from whynet.registry import canonical
from whynet.spec import Spec, parse


def layers_of(model: Spec) -> list[Spec]:
    """The layers of ``sequential`` that make the same network: flatten, then linear and activation for each width; the head follows."""
    options = {"widths": [64, 64], "activation": "relu", **canonical("model", model).options}
    bend = parse(cast(str, options["activation"]))
    hidden = [part for width in cast(list[int], options["widths"]) for part in (Spec("linear", {"units": width}), bend)]
    return [Spec("flatten"), *hidden]
