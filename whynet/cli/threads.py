"""How many threads a training should use.

A small product split over two threads costs more in waiting than in work: an MLP on the digits took 1.0 s with one thread and 2.8 to
4.0 s with two on a busy machine of two cores. Convolutions are large enough to gain. The rule looks at the network alone, never at
the clock, because the number of threads shows in the last bits of a result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn


def suit(networks: Iterable[nn.Module]) -> None:
    """One thread, unless one of the networks has convolutions; then as many as torch has chosen."""
    import torch
    from torch import nn

    if not any(isinstance(module, nn.modules.conv._ConvNd) for network in networks for module in network.modules()):
        torch.set_num_threads(1)
