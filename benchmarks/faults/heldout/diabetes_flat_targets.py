""" "It always predicts the mean": targets of shape (N,), predictions of shape (N, 1), MSELoss. The warning scrolled by.

10 features – Linear 32 relu – Linear 1, Adam at 0.003, batches of 32, 30 epochs; targets standardised.
"""

from __future__ import annotations

import warnings

import torch
from sklearn.datasets import load_diabetes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """R² on the last 92 patients."""
    torch.manual_seed(seed)
    features, disease = load_diabetes(return_X_y=True, scaled=False)
    x, y = torch.tensor(features, dtype=torch.float32), torch.tensor(disease, dtype=torch.float32)
    x, y = (x - x[:350].mean(0)) / x[:350].std(0), (y - y[:350].mean()) / y[:350].std()
    if fixed:
        y = y.unsqueeze(1)
    loader = DataLoader(TensorDataset(x[:350], y[:350]), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    criterion, optimizer = nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=0.003)
    with warnings.catch_warnings(), watch(model, optimizer):
        warnings.simplefilter("ignore")
        for _epoch in range(30):
            for inputs, targets in loader:
                optimizer.zero_grad()
                loss = criterion(model(inputs), targets)
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        error = model(x[350:])[:, 0] - y[350:].flatten()
    return 1 - (error.square().mean() / y[350:].var(correction=0)).item()


case = Case(
    "diabetes-flat-targets",
    train=train,
    measure="r2",
    stated=stated("diabetes-flat-targets", "label-shape-broadcasting", fix="targets of shape (N, 1)"),
)
