""" "My LSTM on rows of digits stops at 50 %": batches of (batch, time, features), and batch_first=True is missing.

The LSTM takes the batch for time, and the last row of a digit for the whole. Digits as 8 rows of 8 pixels – LSTM 48 – Linear
10, cross-entropy, Adam at 0.005, batches of 32, 15 epochs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated
from whynet.data import load


class RowReader(nn.Module):
    def __init__(self, batch_first: bool) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 48, batch_first=batch_first)
        self.fc = nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(x)
        return self.fc(out[:, -1])  # the last row


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on the test digits."""
    torch.manual_seed(seed)
    digits = load("digits")
    x, y = digits.train.x.squeeze(1), digits.train.y  # (N, 8 rows, 8 pixels)
    model = RowReader(batch_first=fixed)
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=0.005), nn.CrossEntropyLoss()
    with watch(model, optimizer):
        for _epoch in range(15):
            for batch in torch.randperm(len(x)).split(32):
                optimizer.zero_grad()
                loss = criterion(model(x[batch]), y[batch])
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        return (model(digits.test.x.squeeze(1)).argmax(1) == digits.test.y).float().mean().item()


case = Case(
    "digit-rows-lstm",
    train=train,
    stated=stated("digit-rows-lstm", "batch-leakage | wrong-reduction-axis", fix="batch_first=True"),
)
