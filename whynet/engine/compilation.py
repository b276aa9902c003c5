"""A step on its way to machine code: made by another process beside the training, kept on disk for every process of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from torch import Tensor

from whynet.text import Text

Run = Callable[..., Sequence[Tensor]]
STALE = 600.0  # seconds after which a mark that nobody took back is nobody's


class Compilation(ABC):
    """One step on its way to machine code."""

    pays: ClassVar[float]  # seconds that it must save; compiling takes about as long on another core

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process: subprocess.Popen[bytes] | None = None
        self.job: Path | None = None
        self.elsewhere = False  # another process of this machine is compiling the same step
        self.failed: Text | None = None  # why there will be no compiled step

    # --- what each kind does in its own way --------------------------------------------------------------------------

    @abstractmethod
    def write_job(self, path: Path) -> None:
        """Write down what the compiling process needs."""

    @abstractmethod
    def command(self, job: Path) -> list[str]:
        """What makes the file out of the job, whole or not at all."""

    @abstractmethod
    def load(self) -> Run:
        """The compiled step out of its file. Raises `RuntimeError` or `OSError` where it holds none."""

    @abstractmethod
    def holds(self, run: Run) -> bool:
        """Whether it comes to the numbers of the traced step, rounding aside."""

    # --- the way -----------------------------------------------------------------------------------------------------

    @property
    def is_cached(self) -> bool:
        """Whether this machine compiled the same step before."""
        return self.path.exists()

    def lacks(self) -> Text | None:
        """What is missing on this machine, if anything."""
        return None if compiler() else NO_COMPILER

    def start(self) -> None:
        """Begin compiling in another process, unless one is at it already; returns at once."""
        if self.process or self.is_cached or self.failed:
            return
        self.failed = self.lacks()
        if self.failed:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.elsewhere = not self._claim()
            if self.elsewhere:
                return
            self.job = self.path.with_suffix(f".{os.getpid()}.job")
            self.write_job(self.job)
            self.process = subprocess.Popen(
                self.command(self.job), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except (OSError, RuntimeError) as error:
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
            run = self.load()
            if not self.holds(run):
                self.failed = DIFFERS
                return None
        except (RuntimeError, OSError) as error:  # a file of another version of torch, or one cut short
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
            time.sleep(0.02)  # another process is at it
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


def compiler() -> str | None:
    """The C++ compiler of this machine; None where there is none."""
    return shutil.which(os.environ.get("CXX", "g++"))


def cache_folder() -> Path:
    """Where compiled steps are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whynet" / "compiled"


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
