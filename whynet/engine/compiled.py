"""The compiled tier where PyTorch's own compiler (Inductor) makes the machine code: for steps that `native` cannot write.

A traced step still pays Python for each of its operations. Inductor fuses them into a few loops and calls the rest from C++, after several
seconds of compiling. The compiled step does the same arithmetic in another order: a step's numbers agree to about 1e-6, not to the last
bit.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor
from torch.fx import GraphModule

from whynet.engine.agreement import agrees
from whynet.engine.compilation import Compilation, Run, cache_folder
from whynet.engine.fingerprint import fingerprint


class Inductor(Compilation):
    """One step on its way through Inductor."""

    pays: ClassVar[float] = 15.0

    def __init__(self, graph: GraphModule, examples: Sequence[Tensor]) -> None:
        super().__init__(cache_folder() / f"{fingerprint(graph, examples)}.pt2")
        self.graph, self.examples = graph, list(examples)

    def write_job(self, path: Path) -> None:
        try:
            path.write_bytes(pickle.dumps((self.graph, [example.detach().contiguous().clone() for example in self.examples])))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise RuntimeError(str(error)) from error

    def command(self, job: Path) -> list[str]:
        return [sys.executable, "-m", "whynet.engine.compiling", str(job), str(self.path)]

    def load(self) -> Run:
        return load(self.path)

    def holds(self, run: Run) -> bool:
        return agrees(run(*self.examples), self.graph(*self.examples), self.examples[0])


def load(path: Path) -> Run:
    """A compiled step from its file. Raises `RuntimeError` where it is not one."""
    loader = torch._C._aoti.AOTIModelPackageLoader(str(path), "model", True, 1, -1)
    return lambda *arguments: loader.run([argument.contiguous() for argument in arguments])  # it takes the layout on trust


def compile_to(graph: GraphModule, examples: Sequence[Tensor], path: Path) -> None:
    """Compile a step and put it into its file, whole or not at all. Takes seconds; run by `whynet.engine.compiling`."""
    import torch._inductor

    with warnings.catch_warnings(), torch.no_grad(), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        warnings.simplefilter("ignore")  # of torch.export's own making
        program = torch.export.export(graph, tuple(examples), strict=False)
        made = torch._inductor.aoti_compile_and_package(program, package_path=str(Path(folder) / "step.pt2"))
        os.replace(made, path)
