"""A user's own loss function, taken as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from whynet.errors import RecipeError, ShapeError
from whynet.losses._shapes import choose, targets_like
from whynet.losses.loss import Loss
from whynet.task import Task
from whynet.text import Text

Reading = Literal["logits", "log-probabilities", "logit per unit", "probabilities", "values", "scores"]

KNOWN: dict[Any, Reading] = {  # what torch's own losses take the outputs for
    nn.CrossEntropyLoss: "logits", F.cross_entropy: "logits",
    nn.NLLLoss: "log-probabilities", F.nll_loss: "log-probabilities",
    nn.MultiMarginLoss: "scores", F.multi_margin_loss: "scores",
    nn.BCEWithLogitsLoss: "logit per unit", F.binary_cross_entropy_with_logits: "logit per unit",
    nn.BCELoss: "probabilities", F.binary_cross_entropy: "probabilities",
    nn.MSELoss: "values", F.mse_loss: "values",
    nn.L1Loss: "values", F.l1_loss: "values",
    nn.SmoothL1Loss: "values", F.smooth_l1_loss: "values",
    nn.HuberLoss: "values", F.huber_loss: "values",
}  # fmt: skip


@dataclass(frozen=True)
class GivenLoss(Loss):
    """``function(outputs, targets)``, a scalar: a ``torch.nn`` loss or any callable, wrapped and never changed.

    What the outputs mean is read off torch's own losses; of any other function it is taken that classes are scored, one
    column each, the largest winning. Losses that torch computes element by element get labels as 0/1 or one-hot, and
    refuse shapes that would broadcast; a network that squeezes its only output to (B,) gets targets of that shape.
    Raises `ShapeError`, also where the function returns no scalar.
    """

    function: Callable[[Tensor, Tensor], Tensor]
    name: str = ""
    reading: Reading | None = field(init=False, repr=False, compare=False)  # None: not one of torch's own

    def __post_init__(self) -> None:
        reading = _reading(self.function)
        object.__setattr__(self, "reading", reading)
        object.__setattr__(self, "reads", "logits" if reading == "logit per unit" else reading or "scores")
        object.__setattr__(self, "name", self.name or _name(self.function))

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if outputs.ndim == 1 and targets.shape == (len(outputs), 1):
            targets = targets[:, 0]
        if self.reading in ("logit per unit", "probabilities", "values"):
            alike = outputs.shape == targets.shape
            targets = targets.to(outputs.dtype) if alike else targets_like(outputs, targets)
        loss = self.function(outputs, targets)
        if not isinstance(loss, Tensor) or loss.ndim:
            raise ShapeError(_NO_SCALAR, name=self.name, received=_describe(loss))
        return loss

    def units(self, task: Task) -> int:
        one = self.reading in ("logit per unit", "probabilities") and task.kind == "classify" and task.outputs == 2
        return 1 if one else task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        outputs = outputs[:, None] if outputs.ndim == 1 else outputs
        if task.kind == "regress":
            return outputs
        if task.kind == "detect":
            raise RecipeError(_NO_BOXES, name=self.name)
        if task.kind == "segment":  # (B, K, H, W), and what is -1 in the targets is the function's to leave out
            return outputs.argmax(dim=1)
        return choose(outputs, 0.5 if self.reading in ("probabilities", "values") else 0.0)


def _reading(function: Any) -> Reading | None:
    if isinstance(function, partial):
        return _reading(function.func)
    if isinstance(function, nn.Module):
        return next(
            (reading for known, reading in KNOWN.items() if isinstance(known, type) and isinstance(function, known)), None
        )
    return next((reading for known, reading in KNOWN.items() if known is function), None)


def _name(function: Any) -> str:
    if isinstance(function, partial):
        return _name(function.func)
    return getattr(function, "__name__", type(function).__name__)


def _describe(value: object) -> str:
    return f"Tensor {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__


_NO_BOXES = Text(
    "A function alone does not say how boxes are read off the outputs. Received: {name}. "
    "Write it as a subclass of whynet.losses.loss.Loss whose decide() returns rows [class, score, x1, y1, x2, y2].",
    "함수만으로는 출력에서 박스를 어떻게 읽는지 알 수 없다. 받은 것: {name}. "
    "whynet.losses.loss.Loss를 상속하고 decide()가 [클래스, 점수, x1, y1, x2, y2] 행을 돌려주게 쓴다.",
)
_NO_SCALAR = Text(
    'The loss function {name} must return one number, a tensor of shape (). Received: {received}. Use reduction="mean".',
    '손실 함수 {name:은} 수 하나, 곧 모양이 ()인 텐서를 돌려주어야 한다. 받은 것: {received}. reduction="mean"을 쓴다.',
)
