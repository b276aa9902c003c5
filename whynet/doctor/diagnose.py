"""From a recipe to a diagnosis: examine, suspect, try, conclude."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

import whynet.doctor.causes  # noqa: F401  registers the causes
from whynet import registry
from whynet.data import Dataset
from whynet.doctor.cause import Suspicion
from whynet.doctor.diagnosis import Diagnosis, is_healthy, telling
from whynet.doctor.examination import Examination, examine
from whynet.doctor.trial import Trial, run_trial
from whynet.engine.events import Event
from whynet.experiment.progress import Progress
from whynet.recipe import Given, Recipe, recipe
from whynet.text import Text


@dataclass(frozen=True)
class Examined:
    """The first half is done: what was seen, and who is suspected."""

    examination: Examination
    suspicions: list[Suspicion]


Listener = Callable[[Event | Examined | Progress], None]

SICK = 'mlp(widths=[64] * 10, activation="sigmoid")'


def sick_recipe() -> Recipe:
    """The embedded patient: ten sigmoid layers on handwritten digits, trained by gradient descent."""
    return recipe("digits", SICK, optimizer="sgd(lr=0.1)", epochs=20)


def diagnose(one: Recipe, seeds: int = 5, budget: float | None = None, listen: Listener | None = None) -> Diagnosis:
    """Say whether a recipe learns, why not, and what mends it, proved by a paired trial.

    seeds: of the trial. budget: seconds the trial may take; where the full length would take longer, every training is cut to the
    same share of its steps, and the diagnosis says so. listen: is told the events of the examination, what it found, and the
    progress of the trial.
    """
    started = time.monotonic()
    seen = examine(one, listen)
    spent = time.monotonic() - started
    suspicions = sorted((info.make().look(seen) for info in registry.infos("cause")), key=lambda s: -s.strength)
    if listen:
        listen(Examined(seen, suspicions))
    trial: Trial | None = None
    notes: list[Text] = []
    if not is_healthy(seen):
        steps = None
        if budget is not None:
            steps = _affordable(seen, suspicions, seeds, budget, spent)
            if steps is not None:
                notes.append(_CUT.fill(steps=steps, whole=seen.fitted.arm.total_steps, budget=budget))
        trial = run_trial(seen, telling(suspicions), seeds, steps, listen)
        notes += trial.comparison.notes if trial else [_NO_REMEDY]
    return Diagnosis(seen, suspicions, trial, notes, time.monotonic() - started)


def why(
    model: nn.Module | Callable[[], nn.Module] | Recipe | str | None = None,
    data: Any = None,
    loss_fn: Any = None,
    optimizer: Any = None,
    *,
    seeds: int = 5,
    budget: float | None = 60.0,
    listen: Listener | None = None,
    **settings: Any,
) -> Diagnosis:
    """Why does this network not learn? Takes a recipe, or a user's own objects, none of which is modified.

    model: a spec, an ``nn.Module``, a function that makes one, or a whole `Recipe`; without any, the embedded patient.
    data: a spec, a path, ``(x, y)``, a torch ``Dataset`` or ``DataLoader``. loss_fn: a function of (outputs, targets) or a spec.
    optimizer: a ``torch.optim`` optimizer, whose settings are read, or a spec. settings: those of a recipe (epochs, batch_size, …).

    >>> print(why(MyNet(), (x, y), nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1)))  # doctest: +SKIP
    """
    if model is None and data is None:
        return diagnose(sick_recipe(), seeds, budget, listen)
    if isinstance(model, Recipe):
        return diagnose(model, seeds, budget, listen)
    given = {"loss": loss_fn, "optimizer": optimizer, "model": model}
    parts = {name: part for name, part in given.items() if part is not None}
    if isinstance(data, Dataset | tuple):
        data = Given(data, "data")
    return diagnose(recipe("digits" if data is None else data, **parts, **settings), seeds, budget, listen)


def _affordable(seen: Examination, suspicions: list[Suspicion], seeds: int, budget: float, spent: float) -> int | None:
    """Steps an arm may take so that the trial fits the budget; None where its full length does.

    The examination itself is the measurement: it took ``spent`` seconds for one arm with probes, and no arm costs much more.
    """
    arms = seeds * (1 + sum(len(s.cause.remedies(seen)) for s in telling(suspicions)))
    whole = seen.fitted.arm.total_steps
    predicted = arms * spent
    if predicted <= budget * 4:  # stacked arms cost a fraction of a lone one; 4 is the least gain seen for small networks
        return None
    return max(20, int(whole * budget * 2 / predicted))


_CUT = Text(
    "To fit the budget of {budget:g} s each training of the trial was cut to {steps} of {whole} steps.",
    "예산 {budget:g}초에 맞추려고 시험의 학습을 각각 {whole} 스텝에서 {steps} 스텝으로 줄였다.",
)
_NO_REMEDY = Text("No remedy applies to this recipe.", "이 레시피에 쓸 수 있는 처방이 없다.")
