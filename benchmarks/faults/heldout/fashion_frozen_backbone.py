""" "Transfer learning gives only 60 %": the convolutions are frozen, but no pretrained weights were loaded.

Conv 8 – pool – Conv 8 – pool – Conv 8 – pool – Linear 10, cross-entropy, Adam at 0.002, batches of 64, 5 epochs of 5,000
pictures.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.stated import stated
from whynet.data import load


def backbone() -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (1, 8, 8):
        layers += [nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten())


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy on 2,000 test pictures."""
    torch.manual_seed(seed)
    pictures = load("fashion_mnist(train=5000)")
    x, y = pictures.train.x, pictures.train.y
    features = backbone()
    if not fixed:
        for p in features.parameters():
            p.requires_grad = False
    model = nn.Sequential(features, nn.Linear(8 * 3 * 3, 10))
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.002)
    criterion = nn.CrossEntropyLoss()
    with watch(model, optimizer):
        for _epoch in range(5):
            for batch in torch.randperm(len(x)).split(64):
                optimizer.zero_grad()
                loss = criterion(model(x[batch]), y[batch])
                loss.backward()
                optimizer.step()
    with torch.no_grad():
        return (model(pictures.test.x[:2000]).argmax(1) == pictures.test.y[:2000]).float().mean().item()


case = Case(
    "fashion-frozen-backbone",
    train=train,
    stated=stated(
        "fashion-frozen-backbone", "frozen-parameters | optimizer-misses-parameters", fix="train the convolutions, too"
    ),
)
