"""What a trained network gets wrong, and what was seen inside it, as plain data for faces to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from whynet.engine.fit import Fitted
from whynet.engine.history import History, SplitName
from whynet.losses.given import GivenLoss
from whynet.losses.loss import Loss

BATCH = 1024  # examples in one forward pass


@dataclass(frozen=True)
class Confusion:
    """How often each class was taken for each: ``counts[true, predicted]``, (K, K) int64."""

    classes: tuple[str, ...]
    counts: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share on the diagonal."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def recall(self) -> np.ndarray:
        """Share of each true class that was recognised, (K,); NaN for a class that does not occur."""
        total = self.counts.sum(axis=1)
        return np.where(total > 0, np.diag(self.counts) / np.maximum(total, 1), np.nan)

    def most_confused(self, n: int = 5) -> list[tuple[str, str, int]]:
        """The pairs (true, taken for, how often) that were confused most."""
        wrong = self.counts - np.diag(np.diag(self.counts))
        order = np.argsort(-wrong, axis=None, kind="stable")[:n]
        pairs = [np.unravel_index(at, wrong.shape) for at in order]
        return [(self.classes[i], self.classes[j], int(wrong[i, j])) for i, j in pairs if wrong[i, j]]


@dataclass(frozen=True)
class Example:
    """One example, and what the network made of it."""

    row: int  # its place in the data as it was read
    x: Tensor  # (*inputs), scaled as the network sees it
    loss: float
    true: str | tuple[float, ...]  # a class by its name, or values
    predicted: str | tuple[float, ...]
    confidence: float | None  # the probability given to the predicted class; None where the outputs are no probabilities
    probability: float | None  # the probability given to the true class


@dataclass(frozen=True)
class ByDepth:
    """One probe at every layer, in network order, at every step at which it was read."""

    probe: str
    layers: tuple[str, ...]
    steps: np.ndarray  # (S,), counted from 1
    values: np.ndarray  # (S, L)


def confusion(fitted: Fitted, split: SplitName = "test") -> Confusion | None:
    """The confusion matrix of a split; None where the task is no classification, or the split is empty."""
    task, examples = fitted.dataset.task, getattr(fitted.dataset, split)
    if task.kind != "classify" or not len(examples):
        return None
    predicted = fitted.loss.decide(_outputs(fitted, examples.x), task).numpy()
    size = max(task.outputs, int(predicted.max()) + 1)  # a network may have more outputs than there are classes
    counts = np.zeros((size, size), np.int64)
    np.add.at(counts, (examples.y.numpy(), predicted), 1)
    return Confusion(tuple(_class(task.classes, i) for i in range(size)), counts)


def worst(fitted: Fitted, n: int = 12, split: SplitName = "test") -> list[Example]:
    """The examples of a split with the highest loss, highest first; a loss that is not a number counts as the highest."""
    task, examples, loss = fitted.dataset.task, getattr(fitted.dataset, split), fitted.loss
    x, y = examples.x, examples.y
    if not len(examples):
        return []
    outputs = _outputs(fitted, x)
    losses = torch.tensor([float(loss(outputs[i : i + 1], y[i : i + 1])) for i in range(len(y))], dtype=torch.float64)
    chosen = torch.nan_to_num(losses, nan=torch.inf).argsort(descending=True, stable=True)[:n].tolist()
    answers = loss.decide(outputs, task)
    p = probabilities(loss, outputs) if task.kind == "classify" else None
    found = []
    for i in chosen:
        true: str | tuple[float, ...]
        predicted: str | tuple[float, ...]
        if task.kind == "classify":
            true, predicted = _class(task.classes, int(y[i])), _class(task.classes, int(answers[i]))
        else:
            true, predicted = tuple(y[i].reshape(-1).tolist()), tuple(answers[i].reshape(-1).tolist())
        confidence, right = (float(p[i, answers[i]]), float(p[i, y[i]])) if p is not None else (None, None)
        found.append(Example(int(examples.index[i]), x[i], float(losses[i]), true, predicted, confidence, right))
    return found


def by_depth(history: History) -> list[ByDepth]:
    """Every probe of a history as a table of steps and layers."""
    tables = []
    for probe in dict.fromkeys(name for name, _ in history.readings.series()):
        table = history.probe(probe)
        tables.append(ByDepth(probe, tuple(table.columns), table.index.to_numpy(), table.to_numpy()))
    return tables


def probabilities(loss: Loss, outputs: Tensor) -> Tensor | None:
    """The probability of each class as the loss reads it off the outputs, (N, K); None for scores and values."""
    one = outputs.shape[-1] == 1
    if isinstance(loss, GivenLoss) and loss.reading == "logit per unit":
        p = outputs.sigmoid()
    elif loss.reads == "logits":
        p = outputs.sigmoid() if one else outputs.softmax(dim=-1)
    elif loss.reads == "log-probabilities":
        p = outputs.exp()
    elif loss.reads == "probabilities":
        p = outputs
    else:
        return None
    return torch.cat([1 - p, p], dim=-1) if one else p


def _outputs(fitted: Fitted, x: Tensor) -> Tensor:
    module = fitted.module
    with torch.no_grad():
        return torch.cat([module(part) for part in x.split(BATCH)])


def _class(names: tuple[str, ...], label: int) -> str:
    return names[label] if label < len(names) else str(label)
