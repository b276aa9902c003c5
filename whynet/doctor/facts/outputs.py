"""What the trained network answers on a sample of the training examples."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.doctor.examination import Examination
from whynet.doctor.facts.sets import train_sample
from whynet.doctor.remembered import remembered


@remembered
def trained_outputs(seen: Examination) -> Tensor:
    """The outputs for the inputs of `train_sample`, (N, units)."""
    module = seen.fitted.module
    with torch.no_grad():
        outputs: Tensor = torch.cat([module(part) for part in train_sample(seen)[0].split(256)])
    return outputs


@remembered
def trained_answers(seen: Examination) -> Tensor:
    """The answers read off them: classes (N,), or values (N, n)."""
    return seen.fitted.loss.decide(trained_outputs(seen), seen.fitted.dataset.task)
