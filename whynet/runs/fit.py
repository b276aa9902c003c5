"""Train into the store, and go on with what was killed.

run = fit(recipe("digits"), Store("runs"))
run = resume(Store("runs"), "last")
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from whynet.engine.arm import Arm, prepare
from whynet.engine.device import use_device
from whynet.engine.events import Event
from whynet.engine.fit import Fitted, Listener, all_probes, follow
from whynet.engine.population import Tier
from whynet.engine.train import Watching, train
from whynet.errors import StoreError
from whynet.recipe import Recipe
from whynet.runs.recording import Recording
from whynet.runs.run import Run
from whynet.runs.settings import write_settings
from whynet.runs.store import Store
from whynet.text import Text


def fit(
    recipe: Recipe,
    store: Store | None = None,
    listen: Listener | None = None,
    watching: Watching | None = None,
    tier: Tier = "auto",
    checkpoint_every: float = 5.0,
    name: str = "",
    label: str = "",
    device: str = "auto",
) -> Run:
    """Train one recipe to the end and keep it; without a store, in the folder ``runs``.

    Killed at any moment, it can be resumed from its last checkpoint, taken every ``checkpoint_every`` seconds. ``listen`` is told
    every event, a checkpoint after it is safe. device: see `use_device`. Raises `UnsavedError`, which holds the trained network,
    where it could not be stored.
    """
    store = Store() if store is None else store
    arm = prepare(recipe, label)
    watching = replace(watching or Watching(all_probes()), checkpoint_every=checkpoint_every)
    with use_device(device):
        recording = store.begin(arm, write_settings(watching, tier), name, listen)
        return record(store, arm, recording, train([arm], watching, tier))


def record(store: Store, arm: Arm, recording: Recording, events: Iterator[Event]) -> Run:
    """Follow a training to its end, writing it down."""
    try:
        fitted = Fitted(arm, follow(events, recording)[0])
    except BaseException as error:
        recording.interrupt(error)
        raise
    try:
        recording.finish(fitted)
    except StoreError as error:
        raise UnsavedError(error, fitted, recording) from error
    return store.run_of(recording, fitted)


class UnsavedError(StoreError):
    """A training came to its end, but the end could not be stored. Nothing is lost while this error is held.

    ``fitted``: the trained recipe. ``save()``: try again to store it.
    """

    def __init__(self, reason: StoreError, fitted: Fitted, recording: Recording) -> None:
        super().__init__(_UNSAVED, run=recording.run_id, step=recording.done[0], reason=reason.message)
        self.fitted, self._recording = fitted, recording

    def save(self) -> None:
        """Store the end of the run now. Raises `StoreError` where that still fails."""
        self._recording.finish(self.fitted)


_UNSAVED = Text(
    "The training of run {run} is done, but could not be stored. {reason} Safe in the store: everything up to step {step}. "
    "The trained network is still in memory, as this error's .fitted; once there is room, its .save() stores it. "
    "If the process ends before that: whynet resume {run}",
    "런(run) {run}의 학습은 끝났지만 저장하지 못했다. {reason} {step}번째 스텝까지는 저장소에 안전하게 있다. "
    "학습된 네트워크는 이 오류의 .fitted로 아직 메모리에 있고, 공간이 생기면 .save()로 저장할 수 있다. "
    "그 전에 프로세스가 끝났다면: whynet resume {run}",
)
