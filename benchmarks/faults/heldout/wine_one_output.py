""" "binary_crossentropy with three classes": Dense(1, sigmoid) for labels 0, 1 and 2, which Keras lets pass.

13 – Linear 16 relu – Linear 1 sigmoid, binary cross-entropy with clipped probabilities, Adam at 0.005, batches of 16, 60
epochs. The answer is the output rounded; mended, the largest of three logits.
"""

from __future__ import annotations

import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated


def binary_crossentropy(p: Tensor, y: Tensor) -> Tensor:
    p = p.clamp(1e-7, 1 - 1e-7)[:, 0]
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on the test wines."""
    torch.manual_seed(seed)
    x, labels = load_wine(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, labels, test_size=0.25, random_state=0)
    scaler = StandardScaler().fit(x_train)
    x_train, x_test = (torch.tensor(scaler.transform(part), dtype=torch.float32) for part in (x_train, x_test))
    y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
    hidden = [nn.Linear(13, 16), nn.ReLU()]
    model = nn.Sequential(*hidden, nn.Linear(16, 3)) if fixed else nn.Sequential(*hidden, nn.Linear(16, 1), nn.Sigmoid())
    criterion = nn.CrossEntropyLoss() if fixed else binary_crossentropy
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    with watch(model, optimizer):
        for _epoch in range(60):
            for batch in torch.randperm(len(x_train)).split(16):
                optimizer.zero_grad()
                loss = criterion(model(x_train[batch]), y_train[batch])
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        out = model(x_test)
    answers = out.argmax(1) if fixed else out[:, 0].round().long()
    return (answers == y_test).float().mean().item()


case = Case(
    "wine-one-output",
    train=train,
    stated=stated(
        "wine-one-output",
        "wrong-output-units | wrong-loss | label-encoding-error | output-activation-range-mismatch",
        fix="three outputs and cross-entropy",
    ),
)
