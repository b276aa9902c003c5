"""Data of a program, judged by what the program judged itself by."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from whynet.data import from_tensors
from whynet.recipe import Given
from whynet.task import TaskKind

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def folder() -> Path:
    """Where the real data sets are: ``WHYNET_DATA``, or the folder beside the checkout. Raises `FileNotFoundError`."""
    path = Path(os.environ.get("WHYNET_DATA") or SHARED)
    if not path.is_dir():
        raise FileNotFoundError(f"real data sets are not here: {path}")
    return path


def use_real_data() -> None:
    """Let whynet find its data sets beside the checkout where ``WHYNET_DATA`` names no folder."""
    if SHARED.is_dir():
        os.environ.setdefault("WHYNET_DATA", str(SHARED))


def given(
    name: str,
    x: Any,
    y: Any,
    test: tuple[Any, Any] | None = None,
    task: TaskKind | None = None,
    classes: Sequence[str] | int | None = None,
) -> Given:
    """All examples train, as in the program. Validation and test are ``test`` (x, y), or where it had none the training examples.

    x: (N, *inputs). y: (N,) labels, or values (N,) or (N, n).
    """
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y)
    more_x, more_y = (np.asarray(part) for part in (test or (x[:0], y[:0])))
    made = from_tensors(
        np.concatenate([x, more_x.astype(np.float32)]), np.concatenate([y, more_y]), task=task, classes=classes, name=name
    )
    train = torch.arange(len(x))
    judged = torch.arange(len(x), len(x) + len(more_x)) if test else train
    facts, labels = made.task, made.train.pool_y[judged]
    if facts.kind == "classify":
        facts = replace(facts, largest_class=float(labels.bincount().max()) / len(labels))
    parts = {name: replace(made.train, index=judged) for name in ("validation", "test")}
    return Given(replace(made, task=facts, train=replace(made.train, index=train), notes=(), **parts), name)
