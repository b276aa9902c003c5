"""The numbers by which networks are judged; higher is better."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.losses.loss import Loss
from whynet.task import Task
from whynet.vision.average_precision import mean_average_precision
from whynet.vision.mean_iou import mean_iou


def accuracy(predicted: Tensor, targets: Tensor) -> float:
    """Share of right classes; both (N,) int64."""
    return float((predicted == targets).double().mean())


def r2(predicted: Tensor, targets: Tensor) -> float:
    """1 − Σ(y − ŷ)² / Σ(y − ȳ)²: the share of the variance explained; both (N, n). 0 is the mean's answer, below is worse."""
    predicted, targets = predicted.double(), targets.double()
    total = (targets - targets.mean(dim=0)).square().sum()
    if total == 0:
        return float("nan")
    return float(1 - (targets - predicted).square().sum() / total)


def score(outputs: Tensor, targets: Tensor, loss: Loss, task: Task) -> tuple[float, float]:
    """Loss and metric of a whole split; outputs (N, units)."""
    with torch.no_grad():
        answer = loss.decide(outputs, task)
        return float(loss(outputs, targets)), metric(answer, targets, task)


def metric(answer: Tensor, targets: Tensor, task: Task) -> float:
    """The task's metric of answers read off a network: classes, values, classes of pixels (N, H, W), detections (N, D, 6)."""
    if task.kind == "classify":
        return accuracy(answer, targets)
    if task.kind == "segment":
        return mean_iou(answer, targets, task.outputs)
    if task.kind == "detect":
        return mean_average_precision(answer, targets, task.outputs)
    return r2(answer.reshape(targets.shape), targets)
