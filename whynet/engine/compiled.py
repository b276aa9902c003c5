"""The compiled tier: a traced step turned into machine code, beside the training, once for every machine.

A traced step still pays Python for each of its operations. Inductor fuses them into a few loops and calls the rest from C++; on small
networks that is three to four times faster, after several seconds of compiling. So the compiling is done by another process while the
training goes on, the result is kept on disk under a name made of everything it depends on, and the training swaps it in between two
steps. The compiled step does the same arithmetic in another order: a step's numbers agree to about 1e-6, not to the last bit.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.fx import GraphModule

from whynet.text import Text

Run = Callable[..., Sequence[Tensor]]
ROUNDING = 1e-6
PLAIN = 3  # what the step of a rule without a state gives back: loss, weights, readings
STALE = 600.0  # seconds
CLOSE = 1e-4  # relative; a compiled step that is further from the traced one is thrown away
LAYOUT = 2  # of the files in the cache; counted up when they change


class Compilation:
    """One step on its way to machine code."""

    def __init__(self, graph: GraphModule, examples: Sequence[Tensor]) -> None:
        self.graph, self.examples = graph, list(examples)
        self.path = cache_folder() / f"{fingerprint(graph, examples)}.pt2"
        self.process: subprocess.Popen[bytes] | None = None
        self.job: Path | None = None
        self.elsewhere = False  # another process of this machine is compiling the same step
        self.failed: Text | None = None  # why there will be no compiled step

    @property
    def is_cached(self) -> bool:
        """Whether this machine compiled the same step before."""
        return self.path.exists()

    def start(self) -> None:
        """Begin compiling in another process, unless one is at it already; returns at once."""
        if self.process or self.is_cached or self.failed:
            return
        if not has_compiler():
            self.failed = NO_COMPILER
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.elsewhere = not self._claim()
            if self.elsewhere:
                return
            handle, name = tempfile.mkstemp(suffix=".job", dir=self.path.parent)
            self.job = Path(name)
            with os.fdopen(handle, "wb") as file:
                pickle.dump((self.graph, [example.detach().contiguous().clone() for example in self.examples]), file)
            self.process = subprocess.Popen(
                [sys.executable, "-m", "whynet.engine.compiling", name, str(self.path)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
        except (OSError, pickle.PicklingError, AttributeError, TypeError) as error:
            self.failed = FAILED.fill(why=str(error).splitlines()[0])

    def ready(self) -> Run | None:
        """The compiled step once it is there; None while it is not, or where it never will be (`failed` then says why)."""
        if self.process is not None:
            if self.process.poll() is None:
                return None
            _, said = self.process.communicate()
            if self.process.returncode != 0 and not self.is_cached:
                lines = said.decode(errors="replace").strip().splitlines()
                self.failed = FAILED.fill(why=lines[-1] if lines else f"exit {self.process.returncode}")
            self.close()
        if self.failed or not self.is_cached:
            return None
        try:
            run = load(self.path)
            if not agrees(run(*self.examples), self.graph(*self.examples), self.examples[0]):
                self.failed = DIFFERS
                return None
        except RuntimeError as error:  # a file of another version of torch, or one cut short
            self.path.unlink(missing_ok=True)
            self.failed = FAILED.fill(why=str(error).strip().splitlines()[0])
            return None
        return run

    def wait(self, seconds: float = 300.0) -> Run | None:
        """The compiled step, however long it takes, up to a limit."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.start()
            if self.process is not None:
                try:
                    self.process.wait(end - time.monotonic())
                except subprocess.TimeoutExpired:
                    break
            if not self.elsewhere or self.is_cached:
                return self.ready()
            time.sleep(0.1)  # another process is at it
        self.failed = FAILED.fill(why=f"> {seconds:g} s")
        self.close()
        return None

    def close(self) -> None:
        """Stop compiling, if it still goes on, and leave nothing behind."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.terminate()
                self.process.wait()
            if self.process.stderr:
                self.process.stderr.close()
            self.process = None
        if self.job is not None:
            self.job.unlink(missing_ok=True)
            self._mark.unlink(missing_ok=True)
            self.job = None

    @property
    def _mark(self) -> Path:
        return self.path.with_suffix(".busy")

    def _claim(self) -> bool:
        """Whether this process is the one to compile the step; a mark that nobody took back for long is nobody's."""
        if self._mark.exists() and time.time() - self._mark.stat().st_mtime > STALE:
            self._mark.unlink(missing_ok=True)
        try:
            os.close(os.open(self._mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


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


def cache_folder() -> Path:
    """Where compiled steps are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whynet" / "compiled"


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


NO_COMPILER = Text(
    "There is no C++ compiler here (g++), so the steps are traced, not compiled: the same numbers, more slowly.",
    "여기에는 C++ 컴파일러(g++)가 없어 스텝을 컴파일하지 않고 추적(trace)해서 쓴다. 결과는 같고 조금 느리다.",
)
FAILED = Text(
    "The step could not be compiled and stays traced: {why}",
    "스텝을 컴파일할 수 없어 추적한 것을 그대로 쓴다: {why}",
)
DIFFERS = Text(
    "The compiled step came to other numbers than the traced one and was thrown away.",
    "컴파일한 스텝의 결과가 추적한 것과 달라 버렸다.",
)
