"""The compiled tier where the machine code comes from our own C++ text; ready in about a second, and one call makes many steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor
from torch.fx import GraphModule

from whynet.engine.agreement import agrees
from whynet.engine.compilation import Compilation, Run, cache_folder
from whynet.engine.fingerprint import fingerprint
from whynet.engine.native import library
from whynet.engine.native.emit import UnwritableError, write_step
from whynet.engine.native.lower import lower
from whynet.engine.native.run import NativeRun
from whynet.engine.native.step import NativeStep, Signature


class Native(Compilation):
    """One arm's step on its way through the C++ compiler; the same machine code serves it alone and in any population."""

    pays: ClassVar[float] = 1.0

    def __init__(self, graph: GraphModule, examples: Sequence[Tensor], states: int, stacked: bool) -> None:
        """``graph``: one arm's traced step. ``states``: how many of its first inputs go on from step to step.

        Raises `UnwritableError` where it has no C++ form.
        """
        self.graph, self.examples, self.stacked = graph, [example.detach() for example in examples], stacked
        super().__init__(cache_folder() / f"{fingerprint(graph, examples)}{library.fingerprint()}.so")
        self.text = "" if self.is_cached else written(graph, self.examples)
        x = len(examples) - 4  # then y, and the two tapes of noise
        with torch.no_grad():
            self.reference = graph(*self.examples)
        about = [(tuple(one.shape), one.dtype) for one in examples], [(tuple(one.shape), one.dtype) for one in self.reference]
        self.signature = Signature(tuple(about[0]), tuple(about[1]), states, x, x + 1)

    def write_job(self, path: Path) -> None:
        path.write_text(self.text or written(self.graph, self.examples))

    def command(self, job: Path) -> list[str]:
        made = job.with_suffix(".so")  # put in its place when it is whole
        return ["sh", "-c", 'to="$1"; at="$2"; shift 2; "$@" && mv "$at" "$to"', "sh", str(self.path), str(made),
                *library.command(job, made)]  # fmt: skip

    def load(self) -> Run:
        step = NativeStep(library.load(self.path), self.signature)
        return NativeRun(step, self.stacked)

    def holds(self, run: Run) -> bool:
        count = len(self.examples) - 5  # which all arms of a stack share
        arguments = [one[None] if self.stacked and i != count else one for i, one in enumerate(self.examples)]
        ours = run(*arguments)
        return agrees([one[0] for one in ours] if self.stacked else ours, self.reference, self.examples[0])


def written(graph: GraphModule, examples: Sequence[Tensor]) -> str:
    """The C++ text of a traced step. Raises `UnwritableError`."""
    try:
        return write_step(lower(graph, examples))
    except UnwritableError:
        raise
    except Exception as error:  # whatever goes wrong on the way, the step has another compiler
        raise UnwritableError(f"{type(error).__name__}: {error}") from error
