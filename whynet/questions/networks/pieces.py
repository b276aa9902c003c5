"""Into how many flat pieces a network of ReLUs cuts its input, counted along straight lines."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from whynet.registry import make
from whynet.rng import generator
from whynet.spec import Spec

STEPS = 2_001  # places looked at along a line; pieces shorter than a step are missed
LINES = 20


def pieces_along(module: nn.Module, x: Tensor) -> int:
    """How often the set of active ReLUs changes from one input to the next, and one more; x: (n, *inputs), in order."""
    module, found = module.double(), []
    handles = [
        part.register_forward_pre_hook(lambda _, given: found.append((given[0] > 0).flatten(1)))
        for part in module.modules()
        if isinstance(part, nn.ReLU)
    ]
    try:
        with torch.no_grad():
            module(x.double())
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        return 1
    active = torch.cat(found, dim=1)  # (n, units of all layers)
    return 1 + int((active[1:] != active[:-1]).any(dim=1).sum())


def pieces_of(module: nn.Module, pool: Tensor) -> float:
    """The mean over lines between `LINES` pairs of examples, always the same pairs; pool: (N, *inputs)."""
    chosen = torch.randint(len(pool), (LINES, 2), generator=generator(0, "sample", "lines"))
    way = torch.linspace(0, 1, STEPS, dtype=torch.float64).reshape(-1, *[1] * (pool.ndim - 1))
    counts = [pieces_along(module, (1 - way) * pool[a].double() + way * pool[b].double()) for a, b in chosen.tolist()]
    return sum(counts) / len(counts)


def folded(depth: int) -> nn.Module:
    """An mlp of ``depth`` layers of two ReLUs that folds [0, 1] on itself again and again: t(t(… t(x))), 2^depth pieces.

    t(x) = 2 max(0, x) − 4 max(0, x − 1/2). Telgarsky, Benefits of depth in neural networks (2016).
    """
    module: nn.Module = make("model", Spec("mlp", {"widths": [2] * depth}), inputs=(1,), outputs=1)
    linears = [part.double() for part in module.modules() if isinstance(part, nn.Linear)]
    tent = torch.tensor([2.0, -4.0], dtype=torch.float64)
    with torch.no_grad():
        for linear in linears[:-1]:
            linear.weight.copy_(torch.ones(2, 1) if linear.in_features == 1 else tent.expand(2, 2))
            linear.bias.copy_(torch.tensor([0.0, -0.5]))
        linears[-1].weight.copy_(tent[None])
        linears[-1].bias.zero_()
    return module
