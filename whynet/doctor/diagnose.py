"""From a recipe to a diagnosis: examine, suspect, try, conclude."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

import whynet.doctor.causes  # noqa: F401  registers the causes
from whynet import registry
from whynet.data import Dataset
from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.controls.shuffled_labels import Shuffled, shuffled_labels
from whynet.doctor.diagnosis import Diagnosis
from whynet.doctor.examination import Examination, examine
from whynet.doctor.fault import PROVED
from whynet.doctor.health import health
from whynet.doctor.plan import UNFIT, suspected
from whynet.doctor.running import run_trial
from whynet.doctor.second import LEAST, ROUNDS, look_again, room
from whynet.doctor.trial import ORIGINAL, Trial
from whynet.doctor.wires import wiring_of
from whynet.engine.device import use_device
from whynet.engine.events import Event, Stepped
from whynet.engine.plan import Workers
from whynet.engine.population import Tier
from whynet.experiment.progress import Progress
from whynet.recipe import Given, Recipe, recipe
from whynet.text import Text


@dataclass(frozen=True)
class Examined:
    """The first half is done: what was seen, and who is suspected."""

    examination: Examination
    suspicions: list[Suspicion]


class InterruptedExaminationError(KeyboardInterrupt):
    """Ctrl-C before anything is known of a network but how its loss went so far."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(str(message))


Listener = Callable[[Event | Examined | Progress], None]

WIRED = 64  # examples on which the wiring of a user's own objects is looked at
CERTAIN = 0.9  # strength of a suspicion that is worth a remark even where the network learns
SICK = 'mlp(widths=[64] * 10, activation="sigmoid")'


def sick_recipe() -> Recipe:
    """The embedded patient: ten sigmoid layers on handwritten digits, trained by gradient descent."""
    return recipe("digits", SICK, optimizer="sgd(lr=0.1)", epochs=20)


def diagnose(
    one: Recipe,
    seeds: int = 5,
    budget: float | None = None,
    listen: Listener | None = None,
    workers: Workers = "auto",
    tier: Tier = "auto",
    wiring: Sequence[Suspicion] = (),
) -> Diagnosis:
    """Say whether a recipe learns, why not, and what mends it, proved by a paired trial.

    seeds: of the trial. budget: seconds the whole may take, about; what would take longer is cut to fewer steps, the same share for all
    that are compared, and the diagnosis says so. listen: is told the events of the examination, what it found, and the progress of
    the trial. workers: processes the trial may use, 0 for this one alone; "auto" uses all cores where that pays. tier: of the trial's
    steps; "fast" compiles them where that pays, and so does "auto" where the budget cuts the trial. wiring: what else is suspected, of a
    user's own objects.
    """
    started = time.monotonic()
    losses: list[float] = []
    notes: list[Text] = []
    try:
        seen = examine(one, _overhear(listen, losses), budget)
    except KeyboardInterrupt:
        raise InterruptedExaminationError(_EARLY.fill(steps=len(losses), words=_went(losses))) from None
    suspicions = _merged(_look(seen, notes), wiring)
    if listen:
        listen(Examined(seen, suspicions))
    if seen.cut:
        notes.append(_CUT.fill(budget=budget, steps=seen.steps, whole=seen.whole_steps, test=len(seen.fitted.dataset.test)))
    left = None if budget is None else max(budget - (time.monotonic() - started), budget / 2)
    state = health(seen, suspicions)
    told = [s for s in suspicions if s.strength > 0] if state == "sick" else [s for s in suspicions if suspected(s)]
    trial, partial = None, False
    if state != "healthy":
        try:
            trial = run_trial(seen, told, seeds, left, listen, workers, tier, combine=state == "sick")
            notes += trial.notes if trial else [_NO_REMEDY] if state == "sick" else []
        except KeyboardInterrupt:  # before any remedy was seen to do anything
            partial = True
    partial = partial or (trial is not None and trial.partial)
    found = Diagnosis(seen, suspicions, trial, notes, time.monotonic() - started, partial=partial)
    if found.nothing_to_learn and trial:
        control = _control(found, trial)
        found = replace(found, shuffled=control, notes=[*notes, control.words], seconds=time.monotonic() - started)
    asking = _Asking(seeds, budget, started, listen, workers, tier)
    found = replace(_looked_again(found, asking, notes), seconds=time.monotonic() - started)
    if found.state == "healthy":
        found.notes.extend(_REMARK.fill(title=s.cause.title) for s in suspicions if suspected(s) and s.strength >= CERTAIN)
    return found


@dataclass(frozen=True)
class _Asking:
    """How a diagnosis was asked for."""

    seeds: int
    budget: float | None
    started: float
    listen: Listener | None
    workers: Workers
    tier: Tier

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return self.budget is not None and time.monotonic() - self.started >= self.budget

    @property
    def left(self) -> float | None:
        """Seconds for a second look."""
        return None if self.budget is None else max(self.budget - (time.monotonic() - self.started), LEAST * self.budget)


def _looked_again(found: Diagnosis, asking: _Asking, notes: list[Text]) -> Diagnosis:
    """The diagnosis with what a second look at the mended network shows, where there is more to gain and more to suspect."""

    def look(seen: Examination) -> list[Suspicion]:
        return _look(seen, notes)

    for _ in range(ROUNDS):
        one, asked = found.remedy, found.undecided
        if one is None or not asked or found.partial or found.state == "faulty" or asking.late:
            break
        if not room(found.examination.yardstick, one.summary.mean.mean, found.reference):
            break
        try:
            seeds, left, listen = asking.seeds, asking.left, asking.listen
            second = look_again(one.recipe, found.examination, asked, look, seeds, left, listen, asking.workers, asking.tier)
        except (KeyboardInterrupt, *UNFIT):  # the first diagnosis stands without
            break
        found = replace(found, later=(*found.later, second))
        if not second.gains:
            break
    return found


def own_wiring(model: Any, data: Any, loss_fn: Any, optimizer: Any) -> list[Suspicion]:
    """The wiring faults of a user's own module, loss function and optimizer, on the first of their examples; none of other things."""
    if not isinstance(model, nn.Module) or not isinstance(data, tuple | list) or len(data) != 2 or not callable(loss_fn):
        return []
    try:
        x, y = (torch.as_tensor(part)[:WIRED] for part in data)
    except (TypeError, ValueError, RuntimeError):
        return []  # what is wrong with the data is said where the recipe is made real
    found = wiring_of(model, loss_fn, optimizer if isinstance(optimizer, torch.optim.Optimizer) else None, x, y)
    return [replace(one, proved=one.proved or one.strength >= PROVED) for one in found]


def _look(seen: Examination, notes: list[Text]) -> list[Suspicion]:
    """What every cause makes of the examination that can be looked for on such a task."""
    causes = [info.make() for info in registry.infos("cause")]
    return [_looked(cause, seen, notes) for cause in causes if seen.fitted.dataset.task.kind in cause.tasks]


def _looked(cause: Cause, seen: Examination, notes: list[Text]) -> Suspicion:
    """What a cause makes of the examination; one that cannot look at this network says nothing, and a note says why."""
    try:
        return cause.look(seen)
    except UNFIT as error:
        notes.append(_UNLOOKED.fill(title=cause.title, error=f"{type(error).__name__}: {error}"))
        return Suspicion(cause, [], 0.0)


def _merged(ours: Sequence[Suspicion], wiring: Sequence[Suspicion]) -> list[Suspicion]:
    """One suspicion for each cause, the strongest first; where two speak of one cause, what both saw, and the remedies of the recipe's."""
    found = {one.cause.name: one for one in ours}
    for one in wiring:
        before = found.get(one.cause.name)
        if before is None or not before.evidence:
            cause = one.cause if before is None else before.cause
            found[one.cause.name] = replace(one, cause=cause)
        elif one.evidence:
            evidence, strongest = [*one.evidence, *before.evidence], max(one.strength, before.strength)
            found[one.cause.name] = Suspicion(before.cause, evidence, strongest, one.proved or before.proved)
    return sorted(found.values(), key=lambda one: -one.strength)


def _overhear(listen: Listener | None, losses: list[float]) -> Listener:
    """A listener that remembers the losses of the examination and passes everything on."""

    def overheard(event: Event | Examined | Progress) -> None:
        if isinstance(event, Stepped):
            losses.append(float(event.losses))
        if listen:
            listen(event)

    return overheard


def _went(losses: list[float]) -> Text:
    return _LOSS.fill(start=losses[0], end=losses[-1]) if losses else Text("", "")


def _control(found: Diagnosis, trial: Trial) -> Shuffled:
    """The control with shuffled labels, of whatever came furthest."""
    best = max(trial.tried, key=lambda one: -1.0 if one.left else one.summary.mean.mean)
    better = not best.left and best.summary.mean.mean > trial.original.mean.mean
    level = best.summary.level if better else ORIGINAL
    arms = trial.comparison.arms[level]
    return shuffled_labels(found.examination, arms, arms[0].recipe)


def why(
    model: nn.Module | Callable[[], nn.Module] | Recipe | str | None = None,
    data: Any = None,
    loss_fn: Any = None,
    optimizer: Any = None,
    *,
    seeds: int = 5,
    budget: float | None = 60.0,
    listen: Listener | None = None,
    workers: Workers = "auto",
    tier: Tier = "auto",
    device: str = "auto",
    **settings: Any,
) -> Diagnosis:
    """Why does this network not learn? Takes a recipe, or a user's own objects, none of which is modified.

    model: a spec, an ``nn.Module``, a function that makes one, or a whole `Recipe`; without any, the embedded patient.
    data: a spec, a path, ``(x, y)``, a torch ``Dataset`` or ``DataLoader``. loss_fn: a function of (outputs, targets) or a spec.
    optimizer: a ``torch.optim`` optimizer, whose settings are read, or a spec. settings: those of a recipe (epochs, batch_size, …).
    seeds, budget, listen, workers, tier: see `diagnose`. device: "cpu", "cuda", "mps"; see `use_device`.

    >>> print(why(MyNet(), (x, y), nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1)))  # doctest: +SKIP
    """
    if model is None and data is None:
        model = sick_recipe()
    if isinstance(model, Recipe):
        with use_device(device):
            return diagnose(model, seeds, budget, listen, workers, tier)
    given = {"loss": loss_fn, "optimizer": optimizer, "model": model}
    parts = {name: part for name, part in given.items() if part is not None}
    wiring = own_wiring(model, data, loss_fn, optimizer)
    if isinstance(data, Dataset | tuple):
        data = Given(data, "data")
    one = recipe("digits" if data is None else data, **parts, **settings)
    with use_device(device):
        return diagnose(one, seeds, budget, listen, workers, tier, wiring)


_CUT = Text(
    "To fit the budget of {budget:.3g} s the examination took {steps} of {whole} steps, on as much of the data as that needs, "
    "and was judged by {test} test examples at most.",
    "예산 {budget:.3g}초에 맞추려고 진찰은 {whole} 스텝 가운데 {steps} 스텝만, 데이터도 그만큼만 썼고 "
    "테스트 예제는 많아도 {test}개로 평가했다.",
)
_UNLOOKED = Text("{title} could not be looked for: {error}", "{title:은} 살펴보지 못했다: {error}")
_EARLY = Text(
    "Interrupted during the examination, after {steps} steps, before anything was suspected or tried.{words}",
    "진찰하다가 {steps} 스텝 만에 중단되었다. 아직 의심하거나 시험한 것이 없다.{words}",
)
_LOSS = Text(" The loss went from {start:.3g} to {end:.3g}.", " 손실은 {start:.3g}에서 {end:.3g}까지 갔다.")
_REMARK = Text("It learns all the same, but there are signs of this: {title}.", "그래도 배우지만 이런 징후가 있다: {title}.")
_NO_REMEDY = Text("No remedy applies to this recipe.", "이 레시피에 쓸 수 있는 처방이 없다.")
