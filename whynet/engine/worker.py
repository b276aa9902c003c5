"""The other side of `workers`: a process that trains what it is sent and says how it goes.

It reads jobs from its standard input and writes answers to what was its standard output, as pickles, one after another. It ends when
its input does, which is when the process that started it is gone, however that ended; and by itself when nothing comes for a minute.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import IO, Any, Literal, NamedTuple, NoReturn

import torch

import whynet.engine.probes  # noqa: F401  what a job may name
from whynet.engine.device import use_device
from whynet.engine.events import Checkpointed, Event, Finished, Stepped
from whynet.engine.parcel import Parcel, UnsendableError, written
from whynet.engine.population import UnstackableError
from whynet.engine.train import train

IDLE = 60.0  # seconds without a job after which a worker ends
RESTED = 75  # exit code of one that ended so
TELL_EVERY = 0.1  # seconds between two words on how far a training has come
SHARE = 0.05  # of the time that may go into sending checkpoints

inside = False  # whether this process is a worker; a worker starts no workers


Kind = Literal["ready", "event", "unstackable", "unreadable", "failed"]


class Answer(NamedTuple):
    """What a worker says: that it is ready, an event of its job, or why the job cannot go on.

    ``what``: None; the event; the reason in words; for a failure the exception as bytes and its traceback.
    """

    kind: Kind
    job: int
    what: Any = None

    @property
    def last(self) -> bool:
        """Whether the job ends with it."""
        return isinstance(self.what, Finished) if self.kind == "event" else self.kind != "ready"


def enter() -> None:
    """Make this process a worker: it starts none itself, and one thread is enough."""
    global inside
    inside = True
    torch.set_num_threads(1)


def main() -> None:
    """Serve until the input ends."""
    enter()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us, who then ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a user's network prints must not come between the answers
    jobs: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    _say(answers, Answer("ready", -1))
    while True:
        try:
            number, parcel = jobs.get(timeout=IDLE)
        except queue.Empty:
            _end(RESTED)
        for answer in work(number, parcel):
            _say(answers, answer)


def work(number: int, parcel: bytes) -> Iterator[Answer]:
    """Do one job; whatever goes wrong in it is an answer."""
    try:
        job: Parcel = pickle.loads(parcel)
        job.settings.apply()
        arms = job.arms()
    except Exception as error:  # a module that cannot be imported here, or a part that only the user's script knows
        yield Answer("unreadable", number, f"{type(error).__name__}: {error}")
        return
    try:
        with use_device("cpu"):
            for event in _thinned(train(arms, job.watching, job.tier, job.resume)):
                yield Answer("event", number, event)
    except UnstackableError as error:
        yield Answer("unstackable", number, str(error))
    except Exception as error:
        try:
            sent = written(error)
            pickle.loads(sent)
        except (UnsendableError, Exception):  # an error that cannot be made again is told in words
            sent = written(RuntimeError(f"{type(error).__name__}: {error}"))
        yield Answer("failed", number, (sent, traceback.format_exc()))


def _thinned(events: Iterator[Event]) -> Iterator[Event]:
    """All events but steps, of which the last of every tenth of a second is told, and checkpoints that cost more than they are worth."""
    told, saved, cost = 0.0, 0.0, 0.0
    for event in events:
        now = time.monotonic()
        if isinstance(event, Stepped):
            if now - told < TELL_EVERY:
                continue
            told = now
        elif isinstance(event, Checkpointed) and now - saved < cost / SHARE:
            continue
        yield event  # which is when it is written
        if isinstance(event, Checkpointed):
            saved = time.monotonic()
            cost = saved - now


def _listen(stream: IO[bytes], jobs: queue.SimpleQueue[tuple[int, bytes]]) -> None:
    """Take jobs in while one is worked at, so that the end of the input is noticed at once."""
    while True:
        try:
            jobs.put(pickle.load(stream))
        except Exception:  # the end of the input, cut short or not
            _end()


def _say(stream: IO[bytes], answer: Answer) -> None:
    try:
        pickle.dump(answer, stream, protocol=pickle.HIGHEST_PROTOCOL)
        stream.flush()
    except (BrokenPipeError, ValueError):
        _end()  # nobody listens any more


def _end(code: int = 0) -> NoReturn:
    """End without a word, and with it whatever this process started, such as a compiler."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        if threading.current_thread() is threading.main_thread():  # a signal may be refused only there; elsewhere it ends us
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpgrp(), signal.SIGTERM)
    os._exit(code)
