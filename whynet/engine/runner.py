"""One step of a population, made ready to be called: eager or traced, and compiled as soon as that pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from whynet.engine.compilation import Compilation
from whynet.engine.noise import Tape
from whynet.text import Text

WARM = 16  # calls before the time of a call is believed
CHECK = 32  # calls between looks at the compiler
SAVED = 0.5  # of a traced step's time, by the compiled one; two thirds for small networks alone, less for large or stacked ones


@dataclass
class Runner:
    """A step for batches of one size. Calling it may from time to time look whether its compiled form is ready, and take that."""

    run: Callable[..., Sequence[Tensor]]
    tape: Tape  # the random numbers it asks for
    compilation: Compilation | None = None  # None: it stays as it is
    calls: int = 0
    began: float = 0.0
    notes: list[Text] = field(default_factory=list)  # what the reader should hear, taken by the training

    def look(self, remaining: int) -> None:
        """Count a call; begin compiling where the remaining calls will repay it; take the compiled step when it is ready."""
        self.calls += 1
        if self.compilation is None or self.calls % CHECK != WARM:
            return
        if self.calls == WARM:
            self.began = time.perf_counter()
            if self.compilation.is_cached:
                self.take()
            return
        a_call = (time.perf_counter() - self.began) / (self.calls - WARM)
        if self.compilation.process is None and remaining * a_call * SAVED > self.compilation.pays:
            self.compilation.start()
        self.take()

    def take(self) -> None:
        """The compiled step in place of the traced one, if it is there; nothing more to wait for, if it never will be."""
        if self.compilation is None:
            return
        run = self.compilation.ready()
        if run is not None:
            self.run = run
        elif self.compilation.failed is None:
            return
        else:
            self.notes.append(self.compilation.failed)
        self.compilation.close()
        self.compilation = None

    def wait(self) -> None:
        """Compile now, and take the compiled step."""
        if self.compilation is not None:
            self.compilation.wait()
            self.take()

    def close(self) -> None:
        """Stop compiling."""
        if self.compilation is not None:
            self.compilation.close()
            self.compilation = None
