""" "Fine for some epochs, then nan": binary cross-entropy from the formula, log(p) and log(1 - p) of a sigmoid.

30 features – Linear 32 relu – Linear 16 relu – Linear 1 sigmoid, SGD at 0.3, batches of 16, 60 epochs. Once one answer is sure
in float32, 0 times the logarithm of 0 is not a number.
"""

from __future__ import annotations

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated


def log_loss(p: Tensor, y: Tensor) -> Tensor:
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on the test tumours."""
    torch.manual_seed(seed)
    x, malignant = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, malignant, test_size=0.25, random_state=0)
    scaler = StandardScaler().fit(x_train)
    x_train, x_test = (torch.tensor(scaler.transform(part), dtype=torch.float32) for part in (x_train, x_test))
    y_train, y_test = (torch.tensor(part, dtype=torch.float32)[:, None] for part in (y_train, y_test))
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
    if not fixed:
        model.append(nn.Sigmoid())
    criterion = nn.BCEWithLogitsLoss() if fixed else log_loss
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    with watch(model, optimizer):
        for _epoch in range(60):
            for batch in torch.randperm(len(x_train)).split(16):
                optimizer.zero_grad()
                loss = criterion(model(x_train[batch]), y_train[batch])
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        said = model(x_test) > (0 if fixed else 0.5)
    return (said == y_test.bool()).float().mean().item()


case = Case(
    "cancer-log-of-zero",
    train=train,
    stated=stated("cancer-log-of-zero", "numerically-unstable-loss", fix="BCEWithLogitsLoss of the logit"),
)
