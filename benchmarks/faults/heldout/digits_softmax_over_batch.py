""" "Fine in the notebook, always 0 in my app": LogSoftmax(dim=0), chosen when torch warned of an implicit dimension.

The digits of a batch compete, not the classes of a digit, and a digit alone wins them all. 64 – Linear 64 relu – Linear 10 log-
softmax, NLLLoss, SGD at 0.1, batches of 20, 20 epochs of the digits; the app asks about one digit at a time.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated
from whynet.data import load


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on the test digits, one after another."""
    torch.manual_seed(seed)
    digits = load("digits")
    x, y = digits.train.x, digits.train.y
    softmax = nn.LogSoftmax(dim=1 if fixed else 0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), softmax)
    criterion, optimizer = nn.NLLLoss(), torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer):
        for _epoch in range(20):
            for batch in torch.randperm(len(x)).split(20):
                optimizer.zero_grad()
                loss = criterion(model(x[batch]), y[batch])
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        said = torch.cat([model(picture[None]).argmax(1) for picture in digits.test.x])
    return (said == digits.test.y).float().mean().item()


case = Case(
    "digits-softmax-over-batch",
    train=train,
    stated=stated("digits-softmax-over-batch", "wrong-reduction-axis | batch-leakage", fix="dim=1"),
)
