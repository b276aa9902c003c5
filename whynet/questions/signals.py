"""How large the signal is at every layer before anything is learned."""

from __future__ import annotations

import pandas as pd
import torch

from whynet.engine.arm import Arm


def sizes(arm: Arm, most: int = 256) -> pd.DataFrame:
    """√mean(h²) of each activation's output at the initial weights, over the first training examples: columns seed, layer, size."""
    train, network = arm.dataset.train, arm.network
    x = train.pool_x[train.index[:most]]
    with torch.no_grad(), network.capturing() as captured:
        network(network.initial, dict(network.buffers), x)
    rows = [(arm.seed, i + 1, float(h.square().mean().sqrt())) for i, h in enumerate(captured.activations.values())]
    return pd.DataFrame(rows, columns=["seed", "layer", "size"])


def factor(table: pd.DataFrame) -> pd.Series:
    """(size of the last / size of the first)^(1 / (L - 1)), by seed: what one layer makes of the signal. NaN from a signal of zero."""
    ends = table.sort_values("layer").groupby("seed")["size"].agg(["first", "last", "count"])
    return (ends["last"] / ends["first"]) ** (1 / (ends["count"] - 1).clip(lower=1))
