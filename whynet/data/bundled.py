"""Tables that come with scikit-learn."""

from __future__ import annotations

from typing import Any

import torch

from whynet.data.source import Source


def classified(raw: Any) -> Source:
    """A table with a class for each row."""
    return Source(
        torch.from_numpy(raw.data.to_numpy(copy=True)).float(),
        torch.from_numpy(raw.target.to_numpy(copy=True)).long(),
        classes=tuple(str(name) for name in raw.target_names),
        features=tuple(str(name) for name in raw.feature_names),
        targets=("class",),
        frame=raw.frame,
    )


def measured(raw: Any, target: str) -> Source:
    """A table with a number for each row."""
    return Source(
        torch.from_numpy(raw.data.to_numpy(copy=True)).float(),
        torch.from_numpy(raw.target.to_numpy(copy=True)).float().unsqueeze(1),
        features=tuple(str(name) for name in raw.feature_names),
        targets=(target,),
        frame=raw.frame,
    )
