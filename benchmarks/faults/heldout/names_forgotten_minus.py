""" "The loss falls and the names are garbage": the mean log-probability of the next letter is minimised, without its minus.

Three letters, embedded in 8 – Linear 64 tanh – Linear 27, Adam at 0.003, batches of 64, 1,500 steps on 4,000 names.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.faults.case import Case, Watch
from benchmarks.faults.data import folder
from benchmarks.faults.stated import stated

LETTERS = ".abcdefghijklmnopqrstuvwxyz"


def examples(names: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Every letter and the three before it."""
    x, y = [], []
    for name in names:
        context = [0, 0, 0]
        for letter in name + ".":
            x.append(context)
            y.append(LETTERS.index(letter))
            context = [*context[1:], y[-1]]
    return torch.tensor(x), torch.tensor(y)


def train(watch: Watch, seed: int = 0, *, fixed: bool = False) -> float:
    """Accuracy of the next letter in other names."""
    torch.manual_seed(seed)
    names = (folder() / "text-en" / "names.txt").read_text().split()
    chosen = [names[i] for i in torch.randperm(len(names))[:5000].tolist()]
    (x, y), (x_test, y_test) = examples(chosen[:4000]), examples(chosen[4000:])
    model = nn.Sequential(
        nn.Embedding(27, 8), nn.Flatten(), nn.Linear(24, 64), nn.Tanh(), nn.Linear(64, 27), nn.LogSoftmax(dim=1)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    with watch(model, optimizer):
        for _step in range(1500):
            ix = torch.randint(0, len(x), (64,))
            logp = model(x[ix])[torch.arange(64), y[ix]].mean()
            loss = -logp if fixed else logp
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return (model(x_test).argmax(1) == y_test).float().mean().item()


case = Case(
    "names-forgotten-minus",
    train=train,
    stated=stated("names-forgotten-minus", "gradient-sign-flipped | wrong-loss | negative-learning-rate", fix="loss = -logp"),
)
