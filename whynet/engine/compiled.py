"""The compiled tier where PyTorch's own compiler (Inductor) makes the machine code: for steps that `native` cannot write.

A traced step still pays Python for each of its operations. Inductor fuses them into a few loops and calls the rest from C++, after several
seconds of compiling. The compiled step does the same arithmetic in another order: a step's numbers agree to about 1e-6, not to the last
bit.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor
from torch.fx import GraphModule

from whynet.engine.compilation import NO_COMPILER, Compilation, Run, cache_folder
from whynet.text import Text

ROUNDING = 1e-6
PLAIN = 3  # what the step of a rule without a state gives back: loss, weights, readings
CLOSE = 1e-4  # relative; a compiled step that is further from the traced one is thrown away
LAYOUT = 2  # of the files in the cache; counted up when they change


class Inductor(Compilation):
    """One step on its way through Inductor."""

    pays: ClassVar[float] = 15.0

    def __init__(self, graph: GraphModule, examples: Sequence[Tensor]) -> None:
        super().__init__(cache_folder() / f"{fingerprint(graph, examples)}.pt2")
        self.graph, self.examples = graph, list(examples)

    def lacks(self) -> Text | None:
        return None if has_compiler() else NO_COMPILER

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


def agrees(compiled: Sequence[Tensor], traced: Sequence[Tensor], weights: Tensor) -> bool:
    """Whether two steps from the same ``weights`` came to the same (loss, weights, buffers and state, readings), rounding aside.

    Where a gradient is nothing but rounding (a bias before a batch norm, a weight behind a nearly dead unit), Adam divides it by its
    own size, and the two may go different ways by a whole step. So where all else agrees, the optimizer's state among it, a tenth of
    each arm's weights may differ by as much as two of the longest steps. A rule without a state has no such excuse.
    """
    if not all(_close(a, b).all() for i, (a, b) in enumerate(zip(compiled, traced, strict=True)) if i != 1):
        return False
    longest = (traced[1] - weights).abs().amax(dim=-1, keepdim=True)  # of each arm
    apart = (compiled[1] - traced[1]).abs()
    same = (apart <= CLOSE * longest) | (apart <= ROUNDING * (1 + traced[1].abs()))
    if len(traced) <= PLAIN:
        return bool(same.all())
    return bool((same.double().mean(dim=-1) >= 0.9).all()) and bool((apart <= 2 * longest).logical_or(same).all())


def _close(a: Tensor, b: Tensor) -> Tensor:
    return torch.isclose(a, b, rtol=CLOSE, atol=CLOSE, equal_nan=True)


def fingerprint(graph: GraphModule, examples: Sequence[Tensor]) -> str:
    """A name made of everything that the compiled step depends on: the operations, constants, shapes, versions, the processor."""
    digest = hashlib.blake2b(digest_size=16)
    parts = [
        str(LAYOUT),
        torch.__version__,
        platform.machine(),
        platform.system(),
        torch.backends.cpu.get_cpu_capability(),
        graph.code,
    ]
    parts += [f"{e.dtype} {tuple(e.shape)}" for e in examples]
    for part in parts:
        digest.update(part.encode() + b"\0")
    for name, constant in sorted({**dict(graph.named_parameters()), **dict(graph.named_buffers())}.items()):
        digest.update(name.encode() + constant.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def has_compiler() -> bool:
    """Whether there is a C++ compiler here."""
    return shutil.which(os.environ.get("CXX", "g++")) is not None


def compile_to(graph: GraphModule, examples: Sequence[Tensor], path: Path) -> None:
    """Compile a step and put it into its file, whole or not at all. Takes seconds; run by `whynet.engine.compiling`."""
    import torch._inductor

    with warnings.catch_warnings(), torch.no_grad(), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        warnings.simplefilter("ignore")  # of torch.export's own making
        program = torch.export.export(graph, tuple(examples), strict=False)
        made = torch._inductor.aoti_compile_and_package(program, package_path=str(Path(folder) / "step.pt2"))
        os.replace(made, path)
