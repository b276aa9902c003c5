"""From a spec to a network that is known to fit its task."""

from __future__ import annotations

from typing import cast

from torch import nn

from whynet.errors import RecipeError, ShapeError, WhynetError
from whynet.layers.stack import shape_after
from whynet.registry import bind, infos
from whynet.spec import Spec
from whynet.task import KINDS, TaskKind
from whynet.text import Text


def build(spec: str | Spec, inputs: tuple[int, ...], outputs: int, kind: TaskKind | None = None) -> nn.Module:
    """The model a spec names, for examples of shape ``inputs`` and ``outputs`` units of the head.

    Initial weights are drawn from torch's global generator, or none at all under ``torch.device("meta")``, which makes this a
    cheap check of a recipe. Raises `RecipeError` where the model does not serve this ``kind`` of task, `ShapeError` where it
    cannot take such examples or does not answer with ``(outputs,)``, `UnknownNameError` or `OptionError` for the spec itself.
    """
    info, options = bind("model", spec)
    key = (str(spec), inputs, outputs)
    if kind and info.accepts and kind not in info.accepts:
        fitting = [other.name for other in infos("model") if not other.accepts or kind in other.accepts]
        raise RecipeError(_WRONG_TASK, name=info.name, task=KINDS[kind].fill(n=outputs), fitting=", ".join(fitting))
    try:
        model: nn.Module = info.make(inputs=inputs, outputs=outputs, **options)
        answer = _answers.get(key) or _answers.setdefault(key, shape_after(model, inputs))
    except WhynetError:
        raise
    except (RuntimeError, ValueError, IndexError) as error:  # what torch raises for shapes that do not fit
        reason = str(error).splitlines()[0].removesuffix(".")
        raise ShapeError(_UNFIT, spec=str(spec), inputs=inputs, reason=reason) from error
    kind = kind or cast(TaskKind | None, next(iter(info.accepts)) if len(info.accepts) == 1 else None)
    expected = {"segment": (outputs, *inputs[1:]), "detect": answer}.get(kind or "", (outputs,))  # boxes: their loss knows
    if answer != expected:
        raise ShapeError(_WRONG_ANSWER, spec=str(spec), expected=expected, answer=answer)
    return model


_answers: dict[tuple[str, tuple[int, ...], int], tuple[int, ...]] = {}  # shapes of answers; a spec's does not change


_WRONG_TASK = Text(
    "{name} does not do {task}. Models that do: {fitting}.",
    "{name:은} {task}에 쓰이지 않는다. 쓸 수 있는 모델: {fitting}.",
)
_UNFIT = Text(
    "{spec}: expected examples that it can take. Received: shape {inputs}. {reason}.",
    "{spec}: 받을 수 있는 모양의 예제가 와야 한다. 받은 것: 모양 {inputs}. {reason}.",
)
_WRONG_ANSWER = Text(
    "{spec}: expected an answer of shape {expected} for each example. Received: {answer}. "
    "Let its last layer be a linear one with as many units as there are outputs.",
    "{spec}: 예제마다 모양이 {expected}인 답이 나와야 한다. 받은 것: {answer}. "
    "마지막 층을 출력 수만큼 유닛이 있는 선형 층으로 둔다.",
)
