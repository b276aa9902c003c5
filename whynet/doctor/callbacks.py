"""Watching inside of trainers that hide the loop: Lightning's and Hugging Face's, through their public callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import nn

from whynet.doctor.loop_trial import BUDGET

if TYPE_CHECKING:
    from whynet.doctor.loop_diagnosis import LoopDiagnosis
    from whynet.doctor.watch import Watch

MakeWatch = Callable[[nn.Module, Any], "Watch"]


class _Watching:
    """What both callbacks share: one watch from the start of training to its end, also where an exception ends it."""

    def __init__(self, make: MakeWatch) -> None:
        self._make = make
        self._watch: Watch | None = None
        self._running = False

    def begin(self, model: nn.Module, optimizers: Any) -> None:
        self._watch = self._make(model, optimizers).start()
        self._running = True

    def end(self, error: BaseException | None = None) -> None:
        if self._watch is not None and self._running:
            self._watch.stop(error)
        self._running = False

    def trial(self, budget: float = BUDGET) -> LoopDiagnosis | None:
        """After training: run the loop again on copies with each fault mended. None before training."""
        return self._watch.trial(budget) if self._watch else None

    @property
    def diagnosis(self) -> LoopDiagnosis | None:
        """What was seen; None before training."""
        return self._watch.diagnosis if self._watch else None


def lightning_callback(make: MakeWatch, base: type | None = None) -> Any:
    """A subclass of Lightning's ``Callback`` (of lightning or pytorch_lightning), or of a given class with that protocol."""
    if base is None:
        from whynet.doctor.trainers import lightning_base

        base = lightning_base()

    class WatchCallback(_Watching, base):  # type: ignore[misc, valid-type]
        """Watches the fit of one Lightning module: forward passes through ``training_step`` are those of the module."""

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            self.begin(pl_module, list(trainer.optimizers))

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            self.end()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            self.end(exception)

        def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
            self.end()

    return WatchCallback(make)


def trainer_callback(make: MakeWatch, base: type | None = None) -> Any:
    """A subclass of Hugging Face's ``TrainerCallback``, or of a given class with that protocol."""
    if base is None:
        from whynet.doctor.trainers import trainer_base

        base = trainer_base()

    class WatchCallback(_Watching, base):  # type: ignore[misc, valid-type]
        """Watches one ``Trainer.train()``."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            optimizer = given.get("optimizer")
            inner = getattr(optimizer, "optimizer", optimizer)  # accelerate wraps the optimizer that steps
            self.begin(given["model"], [] if inner is None else [inner])

        def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            self.end()

    return WatchCallback(make)
