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
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from whynet.engine import worker
from whynet.engine.arm import Arm
from whynet.engine.events import ArmLeft, Checkpointed, Event, Finished, Noticed, Outcome, Started
from whynet.engine.parcel import UnsendableError, pack
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.engine.worker import Answer
from whynet.errors import TrainingError
from whynet.text import Text

SAVE_EVERY = 5.0  # seconds between checkpoints, which is what a killed worker may lose
DEATHS = 3  # of workers at one job, after which the job is to blame
FALSE_STARTS = 2  # workers in a row that end before they are ready, after which this machine has none
_CHILD = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from whynet.engine.worker import main; main()"

Tell = Callable[[list[int], Event], None]


class NoWorkersError(Exception):
    """No worker can be started here."""


class Worker:
    """One process, and a thread that passes on what it says."""

    def __init__(self, heard: queue.SimpleQueue[tuple[Worker, Answer | None]]) -> None:
        self.started = time.monotonic()
        self.ready = False
        self.job: Job | None = None
        apart: dict[str, Any] = {"process_group": 0}  # Ctrl-C on the terminal reaches us and not it
        if sys.platform == "win32":  # pragma: no cover
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, **apart
        )
        self.send([entry for entry in sys.path if isinstance(entry, str)])
        threading.Thread(target=self._hear, args=(heard,), daemon=True).start()

    def send(self, thing: object) -> None:
        """Write to its input; that it has died shows in what is heard of it."""
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(thing, self.process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()

    def kill(self) -> None:
        """End it at once."""
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

    def _hear(self, heard: queue.SimpleQueue[tuple[Worker, Answer | None]]) -> None:
        assert self.process.stdout
        try:
            while True:
                heard.put((self, pickle.load(self.process.stdout)))
        except Exception:  # the end, cut short or not
            heard.put((self, None))


@dataclass(eq=False)
class Job:
    """Arms to be trained as one, and what became of it so far."""

    arms: list[int]  # positions among all that are trained
    seconds: float = 0.0  # predicted
    deaths: int = 0
    saved: Checkpointed | None = None
    as_made: bool = False  # whether the arms themselves are sent, since they could not be made again there
    started: bool = False  # whether listeners have heard of its start
    left: set[int] = field(default_factory=set)  # arms whose leaving listeners have heard of


@dataclass
class Result:
    """What workers made of the jobs."""

    outcomes: dict[int, Outcome]
    remaining: list[list[int]]  # what has to be trained in this process after all


class Crew:
    """Workers that are kept from one call to the next."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self.heard: queue.SimpleQueue[tuple[Worker, Answer | None]] = queue.SimpleQueue()
        self.start_seconds: float | None = None  # from starting a worker to its being ready, as last seen
        self.lock = threading.Lock()

    def warm(self) -> int:
        """How many workers are there already."""
        return sum(one.ready and one.process.poll() is None for one in self.workers)

    def forget(self) -> None:
        """In a fork of this process: the workers belong to the original."""
        self.workers, self.heard, self.lock = [], queue.SimpleQueue(), threading.Lock()

    def close(self) -> None:
        """End all workers."""
        workers, self.workers = self.workers, []
        for one in workers:
            one.kill()

    def train(
        self, jobs: Sequence[Job], arms: Sequence[Arm], watching: Watching, tier: Tier, size: int, tell: Tell | None = None
    ) -> Result:
        """Train every job, the first ones first, on ``size`` workers.

        Raises what a training raises; `TrainingError` where one job ended several workers. Whatever is raised, Ctrl-C included, no
        worker is left at work. Where another thread has the workers, or a listener of theirs asks for them, every job remains.
        """
        if not self.lock.acquire(blocking=False):
            return Result({}, [job.arms for job in jobs])
        try:
            return _Shift(self, jobs, arms, watching, tier, size, tell).run()
        except BaseException:
            self.close()
            raise
        finally:
            self.lock.release()


class _Shift:
    """One call of `Crew.train`."""

    def __init__(
        self, crew: Crew, jobs: Sequence[Job], arms: Sequence[Arm], watching: Watching, tier: Tier, size: int, tell: Tell | None
    ) -> None:
        self.crew, self.arms, self.tier, self.tell = crew, arms, tier, tell
        self.size = size
        self.waiting = list(jobs)
        self.asked_to_save = watching.checkpoint_every is not None
        self.watching = replace(watching, checkpoint_every=min(SAVE_EVERY, watching.checkpoint_every or SAVE_EVERY))
        self.result = Result({}, [])
        self.false_starts = 0

    def run(self) -> Result:
        try:
            while self.waiting or self._busy():
                self._man()
                self._hand_out()
                if self._busy() or self.waiting:
                    with contextlib.suppress(queue.Empty):  # not for ever, or Ctrl-C would not be noticed on every system
                        self._hear(*self.crew.heard.get(timeout=0.5))
        except NoWorkersError:
            undone = self._busy() + self.waiting
            self.crew.close()
            self.result.remaining += [job.arms for job in undone]
            self._say(undone[0], Noticed(_NO_WORKERS))
        return self.result

    def _busy(self) -> list[Job]:
        return [one.job for one in self.crew.workers if one.job]

    def _man(self) -> None:
        """As many workers as there is work for."""
        wanted = min(self.size, len(self.waiting) + len(self._busy()))
        while len(self.crew.workers) < wanted:
            try:
                self.crew.workers.append(Worker(self.crew.heard))
            except OSError as error:
                raise NoWorkersError from error

    def _hand_out(self) -> None:
        """Give every free worker a job, what cannot be sent aside."""
        for one in self.crew.workers[: self.size]:
            while one.ready and not one.job and self.waiting:
                job = self.waiting.pop(0)
                resume = list(zip(job.saved.checkpoints, job.saved.histories, strict=True)) if job.saved else None
                try:
                    parcel = pack([self.arms[i] for i in job.arms], self.watching, self.tier, resume, job.as_made)
                except UnsendableError as error:
                    self._keep(job, str(error))
                    continue
                one.job = job
                one.send((id(job), parcel))

    def _keep(self, job: Job, reason: str) -> None:
        """A job that is better trained in this process."""
        self.result.remaining.append(job.arms)
        self._say(job, Noticed(_UNSENDABLE.fill(label=self.arms[job.arms[0]].label or "?", reason=reason)))

    def _hear(self, one: Worker, answer: Answer | None) -> None:
        if one not in self.crew.workers:
            return  # the last words of one that was ended
        if answer is None:
            self._died(one)
        elif answer.kind == "ready":
            one.ready, self.false_starts = True, 0
            self.crew.start_seconds = time.monotonic() - one.started
        elif one.job and answer.job == id(one.job):
            self._answered(one, one.job, answer)

    def _answered(self, one: Worker, job: Job, answer: Answer) -> None:
        if answer.kind == "event":
            self._event(one, job, answer.what)
            return
        one.job = None
        if answer.kind == "unreadable" and not job.as_made:
            job.as_made = True
            self.waiting.insert(0, job)
        elif answer.kind == "unreadable":
            self._keep(job, answer.what)
        elif answer.kind == "unstackable":
            self.waiting[:0] = [Job([i], job.seconds / len(job.arms)) for i in job.arms]
        else:
            sent, where = answer.what
            error = pickle.loads(sent)
            error.add_note("In a worker:\n" + where)
            raise error

    def _event(self, one: Worker, job: Job, event: Event) -> None:
        if isinstance(event, Finished):
            self.result.outcomes.update(zip(job.arms, event.outcomes, strict=True))
            one.job = None
        elif isinstance(event, Checkpointed):
            job.saved = event
            if not self.asked_to_save:
                return
        elif isinstance(event, Started):
            if job.started:
                return  # again, after a worker died
            job.started = True
        elif isinstance(event, ArmLeft):
            if event.arm in job.left:
                return
            job.left.add(event.arm)
        self._say(job, event)

    def _died(self, one: Worker) -> None:
        """Take a worker that is gone off the list, and see to its job."""
        self.crew.workers.remove(one)
        one.kill()
        if not one.ready:
            self.false_starts += 1
            if self.false_starts >= FALSE_STARTS:
                raise NoWorkersError
        job = one.job
        if job is None:
            return
        job.deaths += one.process.returncode != worker.RESTED  # it ended for want of work just then, and never saw the job
        if job.deaths >= DEATHS:
            labels = ", ".join(dict.fromkeys(self.arms[i].label or str(self.arms[i].recipe.model) for i in job.arms))
            raise TrainingError(_DEATHS, n=job.deaths, labels=labels, code=one.process.returncode)
        self.waiting.insert(0, job)

    def _say(self, job: Job, event: Event) -> None:
        if self.tell:
            self.tell(job.arms, event)


crew = Crew()
atexit.register(crew.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=crew.forget)


def allowed() -> bool:
    """Whether this process may start workers: it is none itself."""
    return not worker.inside


_UNSENDABLE = Text(
    "{label} is trained in this process, because it cannot be sent to another: {reason}",
    "{label:은} 다른 프로세스로 보낼 수 없어 이 프로세스에서 학습한다: {reason}",
)
_NO_WORKERS = Text(
    "No further process can be started here, so everything is trained in this one.",
    "여기서는 다른 프로세스를 시작할 수 없어 모두 이 프로세스에서 학습한다.",
)
_DEATHS = Text(
    "The process that trained {labels} was ended {n} times (exit code {code}; -9 is what the system does when memory runs out). "
    "Train it in this process with workers=0, with a smaller batch_size, or on fewer cores: workers=1.",
    "{labels:을} 학습하던 프로세스가 {n}번 끝나 버렸다(종료 코드 {code}. -9는 메모리가 모자랄 때 시스템이 내는 코드다). "
    "workers=0으로 이 프로세스에서 학습하거나, batch_size를 줄이거나, workers=1로 코어를 적게 쓴다.",
)
