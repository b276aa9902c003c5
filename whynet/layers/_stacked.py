"""In which of torch's function transforms code runs: its fused kernels for attention and LSTM have no rules for all of them."""

from __future__ import annotations

import torch
from torch._functorch.pyfunctorch import retrieve_all_functorch_interpreters


def transforms() -> list[torch._C._functorch.TransformType]:
    """The transforms that the code that asks runs under, outermost first: ``Grad``, ``Vmap``, …"""
    if torch._C._functorch.peek_interpreter_stack() is None:  # the common case, in a fraction of a microsecond
        return []
    return [level.key() for level in retrieve_all_functorch_interpreters()]


def is_stacked() -> bool:
    """Whether networks are being run side by side as one, under ``torch.func.vmap``."""
    return torch._C._functorch.TransformType.Vmap in transforms()


def is_plain() -> bool:
    """Whether a network runs alone and is differentiated once at most."""
    return transforms() in ([], [torch._C._functorch.TransformType.Grad])
