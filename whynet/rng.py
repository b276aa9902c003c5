"""Named random streams: what one factor of an experiment draws never moves what another draws.

Every draw in whynet comes from a stream derived from ``(seed, name)`` by hashing, so that two arms that differ in, say, their
model still see the same order of the data, and adding a layer does not shift the initial weights of the others.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal

import numpy as np
import torch

Stream = Literal["init", "split", "order", "augment", "dropout", "noise", "sample"]


def derive(seed: int, stream: Stream, *path: int | str) -> int:
    """A 63-bit seed for one stream of one experiment; ``path`` names a place in it (an epoch, a layer)."""
    key = json.dumps([int(seed), stream, *(part if isinstance(part, str) else int(part) for part in path)])
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little") >> 1


def generator(seed: int, stream: Stream, *path: int | str) -> torch.Generator:
    """A torch generator at the start of a stream."""
    return torch.Generator().manual_seed(derive(seed, stream, *path))


def numpy_generator(seed: int, stream: Stream, *path: int | str) -> np.random.Generator:
    """A NumPy generator at the start of a stream."""
    return np.random.default_rng(derive(seed, stream, *path))
