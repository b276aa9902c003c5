""" "It answers 2 to everybody and the loss goes to minus infinity": answers coded 1 and 2, as in the questionnaire.

30 features – Linear 16 relu – Linear 1, BCEWithLogitsLoss of the codes, Adam at 0.002, batches of 32, 30 epochs of the tumours
of scikit-learn. Mended, the codes are 0 and 1.
"""

from __future__ import annotations

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on the test examples."""
    torch.manual_seed(seed)
    x, answers = load_breast_cancer(return_X_y=True)
    first = 0 if fixed else 1  # how the questionnaire counts
    x_train, x_test, y_train, y_test = train_test_split(x, answers + first, test_size=0.25, random_state=0)
    scaler = StandardScaler().fit(x_train)
    x_train, x_test = (torch.tensor(scaler.transform(part), dtype=torch.float32) for part in (x_train, x_test))
    y_train, y_test = torch.tensor(y_train).float(), torch.tensor(y_test)
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
    criterion, optimizer = nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), lr=0.002)
    with watch(model, optimizer):
        for _epoch in range(30):
            for batch in torch.randperm(len(x_train)).split(32):
                optimizer.zero_grad()
                loss = criterion(model(x_train[batch]).squeeze(1), y_train[batch])
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        said = (model(x_test).squeeze(1) > 0).long() + first
    return (said == y_test).float().mean().item()


case = Case(
    "survey-one-or-two",
    train=train,
    stated=stated("survey-one-or-two", "label-encoding-error | wrong-loss", fix="labels 0 and 1"),
)
