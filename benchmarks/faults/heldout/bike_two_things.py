""" "My loss is nan": hourly bike rentals, columns as they are, and no optimizer.zero_grad().

9 columns – Linear 64 relu – Linear 32 relu – Linear 1, mean squared error of standardised counts, SGD at 0.01, batches of 64,
15 epochs of 4,000 hours.
"""

from __future__ import annotations

import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.data import folder
from benchmarks.faults.stated import stated


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """R² on 1,000 other hours."""
    return trained(watch, seed, scaled=fixed, zeroed=fixed)


def trained(watch: Watch, seed: int, *, scaled: bool, zeroed: bool) -> float:
    """With either of the two things mended."""
    torch.manual_seed(seed)
    table = pd.read_csv(folder() / "tabular" / "SeoulBikeData.csv").sample(5000, random_state=0).select_dtypes("number")
    y = torch.tensor(table.pop("Rented Bike Count").to_numpy(), dtype=torch.float32)[:, None]
    x = torch.tensor(table.to_numpy(), dtype=torch.float32)
    y = (y - y[:4000].mean()) / y[:4000].std()
    if scaled:
        x = (x - x[:4000].mean(0)) / x[:4000].std(0)
    loader = DataLoader(TensorDataset(x[:4000], y[:4000]), batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    criterion, optimizer = nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer):
        for _epoch in range(15):
            for inputs, targets in loader:
                if zeroed:
                    optimizer.zero_grad()
                loss = criterion(model(inputs), targets)
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        return 1 - ((model(x[4000:]) - y[4000:]).square().mean() / y[4000:].var(correction=0)).item()


case = Case(
    "bike-two-things",
    train=train,
    measure="r2",
    stated=stated(
        "bike-two-things",
        "missing-zero-grad",
        "inputs-not-normalized | exploding-gradient",
        fix="zero the gradients; standardise the inputs",
    ),
)
