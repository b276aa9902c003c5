"""Training on all cores: one process per core, one thread each.

The workers are started as fresh interpreters that import whynet and nothing of the user's script, so a script without
``if __name__ == "__main__"`` is as welcome as any. They stay for the next comparison and end after a minute without work. One that is
killed in the middle of a job is replaced, and its job goes on from the last checkpoint: the history has no hole and no double step.
Nothing of a worker outlives this process: its input ends with us, and then so does it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from typing import Any

from whynet.engine import worker
from whynet.engine.jobs import Crew, Heard, Worker
from whynet.errors import TrainingError
from whynet.text import Text

_CHILD = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from whynet.engine.worker import main; main()"


class Process(Worker):
    """One process, and a thread that passes on what it says."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        apart: dict[str, Any] = {"process_group": 0}  # Ctrl-C on the terminal reaches us and not it
        if sys.platform == "win32":  # pragma: no cover
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, **apart
        )
        self._write([entry for entry in sys.path if isinstance(entry, str)])
        threading.Thread(target=self._hear, args=(heard,), daemon=True).start()

    def send(self, number: int, parcel: bytes) -> None:
        self._write((number, parcel))

    @property
    def blamed(self) -> bool:
        return self.process.returncode != worker.RESTED  # it ended for want of work just then, and never saw the job

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def given_up(self, n: int, labels: str) -> TrainingError:
        return TrainingError(_DEATHS, n=n, labels=labels, code=self.process.returncode)

    def _write(self, thing: object) -> None:
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(thing, self.process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()

    def kill(self) -> None:
        if sys.platform == "win32":  # pragma: no cover
            self.process.kill()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)  # and whatever it started, such as a compiler
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if stream:
                    stream.close()

    def _hear(self, heard: Heard) -> None:
        assert self.process.stdout
        try:
            while True:
                heard.put((self, pickle.load(self.process.stdout)))
        except Exception:  # the end, cut short or not
            heard.put((self, None))


crew = Crew(Process)
atexit.register(crew.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=crew.forget)


def allowed() -> bool:
    """Whether this process may start workers: it is none itself."""
    return not worker.inside


_DEATHS = Text(
    "The process that trained {labels} was ended {n} times (exit code {code}; -9 is what the system does when memory runs out). "
    "Train it in this process with workers=0, with a smaller batch_size, or on fewer cores: workers=1.",
    "{labels:을} 학습하던 프로세스가 {n}번 끝나 버렸다(종료 코드 {code}. -9는 메모리가 모자랄 때 시스템이 내는 코드다). "
    "workers=0으로 이 프로세스에서 학습하거나, batch_size를 줄이거나, workers=1로 코어를 적게 쓴다.",
)
