"""A recipe trained by the loop one would write by hand: torch's own optimizers and autograd, nothing of whynet's engine."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.faults.case import Measure
from whynet.engine.arm import Arm, prepare
from whynet.optimizers.adadelta import Adadelta
from whynet.optimizers.adagrad import Adagrad
from whynet.optimizers.adam import Adam
from whynet.optimizers.adamw import AdamW
from whynet.optimizers.optimizer import Optimizer
from whynet.optimizers.rmsprop import RMSProp
from whynet.optimizers.sgd import SGD
from whynet.recipe import Recipe, with_seed


def trained(recipe: Recipe, seed: int, measure: Measure) -> float:
    """Train under a seed and measure on the test set, which for most programs is what they trained on."""
    arm = prepare(with_seed(recipe, seed))
    torch.manual_seed(seed)
    module = arm.network.load(arm.network.initial, arm.network.buffers).train()
    optimizer = torch_optimizer(arm.optimizer, module)
    x, y, size = arm.dataset.train.x, arm.dataset.train.y, arm.batch_size
    rates, step = arm.learning_rates(0, arm.total_steps).tolist(), 0
    while step < arm.total_steps:
        order = torch.randperm(len(x)) if recipe.shuffle else torch.arange(len(x))
        for batch in order.split(size)[: min(arm.steps_per_epoch, arm.total_steps - step)]:
            optimizer.param_groups[0]["lr"] = rates[step]
            optimizer.zero_grad()
            loss = arm.loss(module(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            step += 1
    return measured(arm, module, measure)


def torch_optimizer(rule: Optimizer, module: nn.Module) -> torch.optim.Optimizer:
    """torch's optimizer of the same rule."""
    weights = module.parameters()
    match rule:
        case SGD():
            return torch.optim.SGD(
                weights, rule.lr, rule.momentum or 0, weight_decay=rule.weight_decay or 0, nesterov=rule.nesterov
            )
        case Adam():
            return torch.optim.Adam(weights, rule.lr, (rule.beta1, rule.beta2), rule.eps, rule.weight_decay or 0)
        case RMSProp():
            return torch.optim.RMSprop(weights, rule.lr, rule.alpha, rule.eps, rule.weight_decay or 0, rule.momentum or 0)
        case AdamW():
            return torch.optim.AdamW(weights, rule.lr, (rule.beta1, rule.beta2), rule.eps, rule.weight_decay)
        case Adagrad():
            return torch.optim.Adagrad(weights, rule.lr, weight_decay=rule.weight_decay or 0, eps=rule.eps)
        case Adadelta():
            return torch.optim.Adadelta(weights, rule.lr, rule.rho, rule.eps, rule.weight_decay or 0)
    raise ValueError(f"no program uses {type(rule).__name__}")


def measured(arm: Arm, module: nn.Module, measure: Measure) -> float:
    """The measure on the test set in evaluation mode."""
    module.eval()
    x, y = arm.dataset.test.x, arm.dataset.test.y
    with torch.no_grad():
        outputs = torch.cat([module(part) for part in x.split(1000)])
        if measure == "loss":
            return float(arm.loss(outputs, y))
        answers: Tensor = arm.loss.decide(outputs, arm.dataset.task)
        return score(answers, y, measure)


def score(answers: Tensor, y: Tensor, measure: Measure) -> float:
    """The measure of answers: classes (B,), or values (B, n)."""
    if measure == "accuracy":
        return float((answers == y).float().mean())
    if measure == "balanced":
        return float(torch.stack([(answers[y == label] == label).float().mean() for label in y.unique()]).mean())
    error = ((answers - y) ** 2).mean()
    return float(error if measure == "mse" else 1 - error / y.var(0, correction=0).mean())


def guessed(recipe: Recipe, measure: Measure) -> float:
    """The measure of the best answer that ignores the input: the share of the largest class, or the spread of the targets."""
    arm = prepare(recipe)
    y = arm.dataset.test.y
    if measure == "mse":
        return float(y.var(0, correction=0).mean())
    if measure in ("r2", "balanced"):
        return 0.0 if measure == "r2" else 1 / len(y.unique())
    return arm.dataset.task.chance if measure == "accuracy" else float("nan")
