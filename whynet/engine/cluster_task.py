"""A worker on a Ray cluster: each job is a task that says how it goes while it runs.

A task takes one CPU of whichever node has one free. Its words come back as they are said, checkpoints among them, so what a lost node
costs is what it did since the last one; Ray itself repeats nothing, since it would begin again.
"""

from __future__ import annotations

import contextlib
import pickle
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from whynet.engine.cluster import library
from whynet.engine.events import Checkpointed
from whynet.engine.jobs import Crew, Heard, Worker
from whynet.engine.parcel import written
from whynet.engine.worker import Answer
from whynet.errors import TrainingError
from whynet.text import Text

PACKAGES = ("whynet", "torch")  # of which every node needs our version, since the numbers depend on them


class Task(Worker):
    """One job after another on the cluster; between two there is nothing of it anywhere."""

    def __init__(self, heard: Heard, remote: Any) -> None:
        super().__init__()
        self.ready = True
        self.heard, self.remote = heard, remote
        self.words: Any = None  # of the task, one after another; Ray forgets a task whose words nobody holds
        self.node: str | None = None  # on which the task runs, as Ray calls it; None until it has said so
        self.further = False  # whether the job has come further with this worker
        self.ended: BaseException | None = None

    def send(self, number: int, parcel: bytes) -> None:
        self.further, self.node = False, None
        self.words = self.remote.remote(number, parcel)
        threading.Thread(target=self._follow, args=(number, self.words), daemon=True).start()

    def kill(self) -> None:
        if self.words is not None:
            with contextlib.suppress(Exception):  # the cluster may be gone as well
                library().cancel(self.words, force=True)

    @property
    def alive(self) -> bool:
        return self.ended is None

    @property
    def blamed(self) -> bool:
        return not (self.further and isinstance(self.ended, _lost_nodes()))

    def given_up(self, n: int, labels: str) -> TrainingError:
        lines = str(self.ended).strip().splitlines()
        return TrainingError(_DEATHS, n=n, labels=labels, reason=lines[0] if lines else type(self.ended).__name__)

    def _follow(self, number: int, words: Any) -> None:
        """Pass on what the task says, until it has said how its job ended."""
        get = library().get
        try:
            here, there = _looking()(), pickle.loads(get(next(words)))
            self.node = there["node"]
            if here != there["versions"]:
                error = TrainingError(_VERSIONS, node=there["host"], here=_listed(here), there=_listed(there["versions"]))
                self.heard.put((self, Answer("failed", number, (written(error), ""))))
                return
            for word in words:
                answer: Answer = pickle.loads(get(word))
                self.further = self.further or isinstance(answer.what, Checkpointed)
                self.heard.put((self, answer))
                if answer.last:
                    return
        except (
            BaseException
        ) as error:  # the task was ended: with its process, its node, or by us, for which Ray has KeyboardInterrupt
            self.ended = error
        self.heard.put((self, None))


def cluster_crew() -> Crew:
    """A crew whose workers are tasks on the cluster that was reached."""
    remote = library().remote(_serving()).options(
        num_cpus=1, max_retries=0, num_returns="streaming", scheduling_strategy="SPREAD"
    )  # fmt: skip
    return Crew(lambda heard: Task(heard, remote))


def _looking() -> Callable[[], dict[str, str | None]]:
    """Of each package the version, without what kind of build it is; None where it is missing."""
    packages = PACKAGES

    def look() -> dict[str, str | None]:
        from importlib.metadata import PackageNotFoundError, version

        found: dict[str, str | None] = dict.fromkeys(packages)
        for name in packages:
            with contextlib.suppress(PackageNotFoundError):
                found[name] = version(name).partition("+")[0]
        return found

    return look


def _serving() -> Callable[[int, bytes], Iterator[bytes]]:
    """What a task runs; being a function within a function it travels whole, and can tell of a node that lacks whynet."""
    path, look = [entry for entry in sys.path if isinstance(entry, str)], _looking()

    def serve(number: int, parcel: bytes) -> Iterator[bytes]:
        sys.path.extend(entry for entry in path if entry not in sys.path)  # on our own machine the user's modules are found
        import ray

        node = ray.get_runtime_context().get_node_id()
        yield pickle.dumps({"host": socket.gethostname(), "node": node, "versions": look()})

        from whynet.engine import worker

        worker.enter()
        for answer in worker.work(number, parcel):
            yield pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)

    return serve


def _lost_nodes() -> tuple[type[Exception], ...]:
    """Errors that say the node is gone, and nothing of what was done there."""
    errors = library().exceptions
    return errors.NodeDiedError, errors.ObjectLostError, errors.LocalRayletDiedError


def _listed(found: dict[str, str | None]) -> str:
    return ", ".join(f"{name} {number or '-'}" for name, number in found.items())


_VERSIONS = Text(
    "Node {node} of the Ray cluster has {there}, and here it is {here}: install the same there.",
    "Ray 클러스터의 노드 {node}에는 {there:이} 있고 여기에는 {here:이} 있다. 그곳에 같은 버전을 설치한다.",
)
_DEATHS = Text(
    "The task that trained {labels} on the Ray cluster was ended {n} times. Train it with a smaller batch_size, or here, without on. "
    "Ray says: {reason}",
    "Ray 클러스터에서 {labels:을} 학습하던 태스크(task)가 {n}번 끝나 버렸다. batch_size를 줄이거나, on을 빼고 여기서 학습한다. "
    "Ray의 말: {reason}",
)
