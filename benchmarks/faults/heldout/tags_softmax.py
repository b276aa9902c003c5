""" "Only ever one tag per picture": softmax and binary cross-entropy where several of five tags may be right at once.

20 features – Linear 64 relu – Linear 5 softmax, BCELoss, Adam at 0.003, batches of 32, 40 epochs; a tag is given above a half.
The measure is the share of the tags that are right.
"""

from __future__ import annotations

import torch
from sklearn.datasets import make_multilabel_classification
from torch import nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Share of the test examples' tags that are right."""
    torch.manual_seed(seed)
    features, tags = make_multilabel_classification(1500, 20, n_classes=5, n_labels=3, random_state=0)
    x, y = torch.tensor(features, dtype=torch.float32), torch.tensor(tags, dtype=torch.float32)
    x = (x - x[:1200].mean(0)) / x[:1200].std(0)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), nn.Sigmoid() if fixed else nn.Softmax(dim=1))
    criterion, optimizer = nn.BCELoss(), torch.optim.Adam(model.parameters(), lr=0.003)
    with watch(model, optimizer):
        for _epoch in range(40):
            for batch in torch.randperm(1200).split(32):
                optimizer.zero_grad()
                criterion(model(x[batch]), y[batch]).backward()
                optimizer.step()
    with torch.no_grad():
        return ((model(x[1200:]) > 0.5) == y[1200:].bool()).float().mean().item()


case = Case(
    "tags-softmax",
    train=train,
    stated=stated("tags-softmax", "wrong-output-activation | output-activation-range-mismatch", fix="a sigmoid for each tag"),
)
