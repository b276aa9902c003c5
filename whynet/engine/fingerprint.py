"""The name under which a compiled step is kept, and found again by whoever needs the same one."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.fx import GraphModule

LAYOUT = 2  # of the files in the cache; counted up when they change


def fingerprint(graph: GraphModule, examples: Sequence[Tensor]) -> str:
    """A name made of everything that the compiled step depends on: the operations, constants, shapes, versions, the processor."""
    digest = hashlib.blake2b(digest_size=16)
    parts = [
        str(LAYOUT),
        torch.__version__,
        platform.machine(),
        platform.system(),
        torch.backends.cpu.get_cpu_capability(),
        graph.code,
    ]
    parts += [f"{e.dtype} {tuple(e.shape)}" for e in examples]
    for part in parts:
        digest.update(part.encode() + b"\0")
    for name, constant in sorted({**dict(graph.named_parameters()), **dict(graph.named_buffers())}.items()):
        digest.update(name.encode() + constant.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
