"""Mirrored copies of training pictures: what is left and what is right says nothing of what a thing is."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from whynet.data.source import Source, Table
from whynet.data.split import Split
from whynet.task import TaskKind
from whynet.text import Text


def mirrored(source: Source, cut: Split) -> tuple[Source, Split]:
    """The source and its split, with a mirrored copy of each training picture among the training examples; others are left alone."""
    if isinstance(source.x, Table):
        raise TypeError("A table has no left and right")
    x = torch.cat([source.x, source.x[cut.train].flip(-1)])
    y = torch.cat([source.y, _turned(source.y[cut.train], source.kind)])
    train = torch.cat([cut.train, torch.arange(len(source.x), len(x))])
    return replace(source, x=x, y=y, notes=(*source.notes, _MIRRORED.fill(n=len(cut.train)))), replace(cut, train=train)


def _turned(y: Tensor, kind: TaskKind) -> Tensor:
    """The answers of mirrored pictures: (n, M, 5) boxes and (n, H, W) masks are mirrored too, classes and values stay."""
    if kind == "segment":
        return y.flip(-1)
    if kind != "detect":
        return y
    real = (y[..., :1] >= 0).to(y)
    left, right = 1 - y[..., 3:4], 1 - y[..., 1:2]
    return torch.cat([y[..., :1], left * real, y[..., 2:3], right * real, y[..., 4:]], dim=-1)


_MIRRORED = Text(
    "A mirrored copy of each of the {n} training pictures is trained on, too.",
    "훈련 그림 {n}장을 좌우로 뒤집은 것도 훈련에 쓴다.",
)
