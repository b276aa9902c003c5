"""Watching a user's own training loop: ``with whynet.watch(model, optimizer) as w:`` and nothing else changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import torch
from torch import nn

from whynet.doctor.callbacks import lightning_callback, trainer_callback
from whynet.doctor.listening import Listening
from whynet.doctor.loop import Loop, Reported, loop_of
from whynet.doctor.loop_diagnosis import LoopDiagnosis, diagnosis_of
from whynet.doctor.loop_trial import BUDGET, decided, trial_of
from whynet.doctor.wires import left_alone, suspicions_of
from whynet.errors import RecipeError
from whynet.text import Text

Optimizers = torch.optim.Optimizer | Sequence[torch.optim.Optimizer]
NOTED = {"accuracy", "acc", "val_accuracy", "val_acc", "test_accuracy", "test_acc"}


class Watch:
    """A loop that is being watched. Its `diagnosis` is there while it runs, and after it ended, whichever way it ended."""

    def __init__(self, model: nn.Module, optimizer: Optimizers | None = None, budget: float = BUDGET) -> None:
        if not isinstance(model, nn.Module):
            raise RecipeError(_NOT_A_MODEL, received=type(model).__name__)
        optimizers = (
            [] if optimizer is None else [optimizer] if isinstance(optimizer, torch.optim.Optimizer) else list(optimizer)
        )
        for one in optimizers:
            if not isinstance(one, torch.optim.Optimizer):
                raise RecipeError(_NOT_AN_OPTIMIZER, received=type(one).__name__)
        self.loop: Loop = loop_of(model, optimizers)
        self.budget = budget
        self._listening = Listening(self.loop)
        self._running = False
        self._known: LoopDiagnosis | None = None

    def start(self) -> Watch:
        """Begin to watch. ``with`` does this."""
        self._known = None
        self._listening.start()
        self._running = True
        return self

    def stop(self, error: BaseException | None = None) -> LoopDiagnosis:
        """Stop watching, leave no trace on the user's objects, and say what was seen; what is suspected is tried on copies."""
        self._listening.stop()
        self._running = False
        self.loop.error = error
        self._known = self._diagnose()
        if self._known.suspected and error is None and self.budget > 0:
            self._known = self._try(self.budget, asked=False)
        return self._known

    def trial(self, budget: float = BUDGET) -> LoopDiagnosis:
        """Run the loop again on copies, with each fault that is possible, suspected or proved mended, within so many seconds.

        Raises `RecipeError` while the loop still runs.
        """
        if self._running:
            raise RecipeError(_STILL_RUNNING)
        self._known = self._try(budget, asked=True)
        return self._known

    def note(self, **reported: float) -> None:
        """What the loop itself reports, to be held against what whynet counts: ``w.note(accuracy=right / total)``.

        An accuracy is compared with the share of right answers in the evaluation that went before; where several sets were evaluated
        one after the other, with the first or the last of them, whichever is nearer.
        """
        scores = self._listening.scores
        for name, value in reported.items():
            said = float(value)
            if name not in NOTED or not scores:
                continue
            cuts = range(1, len(scores))
            runs = [scores, *(scores[:cut] for cut in cuts), *(scores[cut:] for cut in cuts)]
            shares = [sum(right for right, _ in run) / sum(n for _, n in run) for run in runs]
            measured = min(shares, key=lambda share: abs(share - (said / 100 if said > 1 else said)))
            self.loop.reported.append(Reported(name, said, measured, len(scores)))

    @property
    def diagnosis(self) -> LoopDiagnosis:
        """What is known so far."""
        return self._known or self._diagnose()

    @property
    def probes(self) -> dict[str, dict[str, list[tuple[int, float]]]]:
        """What was measured on the steps looked at closely: probe → layer → (step, value)."""
        return self.loop.probes

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain data."""
        return self.diagnosis.to_dict()

    def _diagnose(self) -> LoopDiagnosis:
        troubles = list(self.loop.troubles)
        with left_alone(self.loop.module):
            found = diagnosis_of(self.loop, suspicions_of(self.loop))
        self.loop.troubles = troubles
        return found

    def _try(self, budget: float, asked: bool) -> LoopDiagnosis:
        found = self._diagnose()
        with left_alone(self.loop.module), torch.enable_grad():
            try:
                made = trial_of(self.loop, found.suspicions, budget, asked)
            except Exception as error:  # the user's own code runs here; whatever it raises, the diagnosis is known already
                return replace(found, not_checked=(*found.not_checked, f"{type(error).__name__}: {error}"))
        return replace(found, suspicions=decided(found.suspicions, made), trial=made)

    def report(self, path: str | os.PathLike[str] = "report.html") -> Path:
        """Write the diagnosis as one HTML file in both languages."""
        return self.diagnosis.report(path)

    def __enter__(self) -> Watch:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop(error)


def watch(model: nn.Module, optimizer: Optimizers | None = None, budget: float = BUDGET) -> Watch:
    """Watch a training loop of your own and say what is wired wrongly in it; model, optimizer and random state stay bit-identical.

    optimizer: one, or several where several train the one model. Without any, every optimizer that moves the model's parameters counts.
    For two models, as of a GAN, watch each.
    budget: seconds that may be spent after the loop has ended on trying what is suspected on copies; 0 for none.

    >>> with watch(model, optimizer) as w:  # doctest: +SKIP
    ...     for x, y in loader:
    ...         optimizer.zero_grad()
    ...         loss_fn(model(x), y).backward()
    ...         optimizer.step()
    >>> print(w.diagnosis)  # doctest: +SKIP
    """
    return Watch(model, optimizer, budget)


def lightning(budget: float = BUDGET) -> Any:
    """A callback for Lightning's ``Trainer(callbacks=[whynet.watch.lightning()])``; afterwards ask its ``diagnosis``."""
    return lightning_callback(lambda model, optimizers: Watch(model, optimizers, budget))


def trainer(budget: float = BUDGET) -> Any:
    """A callback for Hugging Face's ``Trainer(callbacks=[whynet.watch.trainer()])``; afterwards ask its ``diagnosis``."""
    return trainer_callback(lambda model, optimizers: Watch(model, optimizers, budget))


class _Callable(ModuleType):
    """The room and what is done in it share a name: ``whynet.watch(…)`` works, and so does ``whynet.watch.lightning()``."""

    def __call__(self, model: nn.Module, optimizer: Optimizers | None = None, budget: float = BUDGET) -> Watch:
        return watch(model, optimizer, budget)


sys.modules[__name__].__class__ = _Callable

_NOT_A_MODEL = Text(
    "Expected the model that is trained, a torch.nn.Module: whynet.watch(model, optimizer). Received: {received}",
    "학습하는 모델(torch.nn.Module)이 필요하다: whynet.watch(model, optimizer). 받은 것: {received}",
)
_NOT_AN_OPTIMIZER = Text(
    "Expected an optimizer of torch.optim, or several in a list. Received: {received}",
    "torch.optim의 옵티마이저나 그 리스트가 필요하다. 받은 것: {received}",
)
_STILL_RUNNING = Text(
    "The loop still runs, and trying something beside it would disturb it. Ask for the trial after the with block.",
    "루프가 아직 돌고 있어 옆에서 시험하면 방해가 된다. with 블록이 끝난 뒤에 시험을 부탁한다.",
)
