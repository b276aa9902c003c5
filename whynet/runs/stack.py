"""The last checkpoint of arms that train as one, their histories with it, in one file that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from whynet.engine.checkpoint import restore
from whynet.engine.events import Checkpointed
from whynet.runs.chunk import pack, unpack
from whynet.runs.files import read_tensors, write_tensors

COLUMNS = ("losses", "evaluations", "readings")


def write_stack(path: Path, arms: Sequence[int], event: Checkpointed) -> None:
    """Write a checkpoint of these arms in place of the one before."""
    tensors: dict[str, Tensor] = {}
    about: list[dict[str, Any]] = []
    for i, (checkpoint, history) in enumerate(zip(event.checkpoints, event.histories, strict=True)):
        row = pack(history, (0, 0, 0))
        tensors |= {f"{i}/{name}": value for name, value in checkpoint.tensors().items()}
        tensors |= {f"{i}/history/{name}": _tensor(row[name]) for name in COLUMNS}
        about.append({"numbers": checkpoint.numbers(), "series": row["series"]})
    write_tensors(path, tensors, {"step": event.step, "arms": list(arms), "about": about})


def read_stack(path: Path) -> tuple[tuple[int, ...], Checkpointed]:
    """What `write_stack` wrote. Raises `StoreError` where the file is gone or damaged."""
    tensors, numbers = read_tensors(path)
    own: list[dict[str, Tensor]] = [{} for _ in numbers["arms"]]
    for name, value in tensors.items():
        i, _, rest = name.partition("/")
        own[int(i)][rest] = value
    checkpoints, histories = [], []
    for one, about in zip(own, numbers["about"], strict=True):
        row = {name: one.pop(f"history/{name}").numpy().tobytes() for name in COLUMNS}
        histories.append(unpack([{"start": 0, "series": about["series"], **row}]))
        checkpoints.append(restore(one, about["numbers"]))
    return tuple(numbers["arms"]), Checkpointed(int(numbers["step"]), checkpoints, histories)


def _tensor(column: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(column, np.uint8).copy())
