"""A recurrent network that reads a digit row by row, as a loop by hand with gradient clipping, a control.

8 rows of 8 pixels – GRU 48 – Linear 10, cross-entropy, Adam at 0.005, batches of 32, 20 epochs; it is put into evaluation mode
to be tested.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated
from whynet.data import load


class RowReader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(8, 48, batch_first=True)
        self.fc = nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        _, last = self.gru(x)
        return self.fc(last[0])


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on the test digits. Nothing is there to be mended."""
    torch.manual_seed(seed)
    digits = load("digits")
    x, y = digits.train.x.squeeze(1), digits.train.y  # (N, 8 rows, 8 pixels)
    model = RowReader()
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=0.005), nn.CrossEntropyLoss()
    with watch(model, optimizer):
        for _epoch in range(20):
            model.train()
            for batch in torch.randperm(len(x)).split(32):
                optimizer.zero_grad()
                loss = criterion(model(x[batch]), y[batch])
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
        model.eval()
        with torch.no_grad():
            return (model(digits.test.x.squeeze(1)).argmax(1) == digits.test.y).float().mean().item()


case = Case("digit-rows-gru-sound", train=train, stated=stated("digit-rows-gru-sound"))
