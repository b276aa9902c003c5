"""Jobs, and the crew that does them: handed out, handed out again where a worker is lost, their results gathered.

What a worker is stays open here: a process of this machine (`workers`), or a task on another one (`cluster`).
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from whynet.engine.arm import Arm
from whynet.engine.events import ArmLeft, Checkpointed, Event, Finished, Noticed, Outcome, Started
from whynet.engine.parcel import UnsendableError, pack
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.engine.worker import Answer
from whynet.errors import WhynetError
from whynet.text import Text

SAVE_EVERY = 5.0  # seconds between checkpoints, which is what a lost worker may cost
DEATHS = 3  # of workers at one job, after which the job is to blame
FALSE_STARTS = 2  # workers in a row that end before they are ready, after which there are none here

Tell = Callable[[list[int], Event], None]


class NoWorkersError(Exception):
    """No worker can be started here."""


class Worker(ABC):
    """Does one job at a time. What it says is put where it is heard: answers, and None when it is gone."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.ready = False
        self.job: Job | None = None

    @abstractmethod
    def send(self, number: int, parcel: bytes) -> None:
        """Give it a job; that it is gone shows in what is heard of it."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once, and whatever it is at."""

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether it is still there, as far as can be seen from here."""

    @property
    @abstractmethod
    def blamed(self) -> bool:
        """Whether what ended it may have been its job."""

    @abstractmethod
    def given_up(self, n: int, labels: str) -> WhynetError:
        """What to say of a job that ended it, and ``n`` workers in all."""


Heard = queue.SimpleQueue[tuple[Worker, Answer | None]]


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

    def __init__(self, hire: Callable[[Heard], Worker]) -> None:
        self.hire = hire  # a new worker; raises OSError where there can be none
        self.workers: list[Worker] = []
        self.heard: Heard = queue.SimpleQueue()
        self.start_seconds: float | None = None  # from starting a worker to its being ready, as last seen
        self.lock = threading.Lock()

    def warm(self) -> int:
        """How many workers are there already."""
        return sum(one.ready and one.alive for one in self.workers)

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
                self.crew.workers.append(self.crew.hire(self.crew.heard))
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
                one.send(id(job), parcel)

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
            if where:
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
        job.deaths += one.blamed
        if job.deaths >= DEATHS:
            labels = ", ".join(dict.fromkeys(self.arms[i].label or str(self.arms[i].recipe.model) for i in job.arms))
            raise one.given_up(job.deaths, labels)
        self.waiting.insert(0, job)

    def _say(self, job: Job, event: Event) -> None:
        if self.tell:
            self.tell(job.arms, event)


_UNSENDABLE = Text(
    "{label} is trained in this process, because it cannot be sent to another: {reason}",
    "{label:은} 다른 프로세스로 보낼 수 없어 이 프로세스에서 학습한다: {reason}",
)
_NO_WORKERS = Text(
    "No further process can be started here, so everything is trained in this one.",
    "여기서는 다른 프로세스를 시작할 수 없어 모두 이 프로세스에서 학습한다.",
)
