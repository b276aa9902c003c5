"""Who races, and the numbers that are read off a race."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from whynet.experiment.compare import Comparison
from whynet.experiment.statistics import paired, settle
from whynet.questions.claim import Measured, exactly
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import leaders, mean_of
from whynet.questions.surfaces import SURFACES
from whynet.spec import Spec
from whynet.text import Text, join, plain

RACERS: Mapping[str, Spec] = {
    "SGD": Spec("sgd"),
    "momentum": Spec("sgd", {"momentum": 0.9}),
    "Nesterov": Spec("sgd", {"momentum": 0.9, "nesterov": True}),
    "Adagrad": Spec("adagrad"),
    "Adadelta": Spec("adadelta"),
    "RMSprop": Spec("rmsprop"),
    "Adam": Spec("adam"),
    "AdamW": Spec("adamw"),
}
NAMES: Mapping[str, Text] = {name: plain(name) for name in RACERS} | {"momentum": Text("momentum", "모멘텀(momentum)")}
HUNDREDFOLD = 2.0  # orders of magnitude by which a rate has to lower the function to count as working


def ends(evidence: Evidence, racer: str, function: str | None = None) -> np.ndarray:
    """log₁₀ f at the end of the race, a value for each start; on the function looked at, or on another."""
    table = evidence.tables["ends"] if function is None else evidence.tables["everywhere"].query("function == @function")
    return table.loc[(table["racer"] == racer) & table["raced"], "log10_f"].to_numpy(dtype=float)


def power(exponent: float) -> float:
    """10^exponent, as far as floats go."""
    return 10.0**exponent if exponent < 300 else float("inf")


def lower(evidence: Evidence, racer: str, other: str) -> Measured:
    """How many orders of magnitude lower one ends than another, start by start: negative where it is lower."""
    arms = settle({name: ends(evidence, name) for name in (racer, other)}, higher_is_better=False)
    pair = paired(arms[racer], arms[other], higher_is_better=False)
    return Measured(pair.difference, _ORDERS)


def working(evidence: Evidence, racer: str) -> np.ndarray:
    """How many of the rates lower f a hundredfold, a count for each start."""
    table = evidence.tables["ends"]
    table = table[table["racer"] == racer]
    return (table["drop"] >= HUNDREDFOLD).groupby(table["start"]).sum().to_numpy(dtype=float)


def more_rates(evidence: Evidence, racer: str, other: str) -> Measured:
    """At how many more rates one lowers the function a hundredfold."""
    return Measured(paired(working(evidence, racer), working(evidence, other)).difference, _MORE)


def early(network: Comparison, racer: str, other: str) -> Measured:
    """ln of the ratio of the validation losses after a tenth of the training."""

    def loss(name: str) -> np.ndarray:
        found = [one.history.curve("validation", "loss") for one in network.arms[name]]
        return np.array([values[np.searchsorted(steps, steps[-1] / 10)] if len(steps) else np.nan for steps, values in found])

    return mean_of(np.log(loss(racer) / loss(other)), _LOG_RATIO)


def best_on(evidence: Evidence, function: str) -> list[str]:
    """Who gets lowest on a function, and those that cannot be told from it."""
    return leaders({name: ends(evidence, name, function) for name in RACERS}, higher_is_better=False)


def functions_won(evidence: Evidence) -> dict[str, int]:
    """On how many of the functions each is lowest, or cannot be told from the lowest."""
    best = [best_on(evidence, function) for function in SURFACES]
    return {name: sum(name in one for one in best) for name in RACERS}


def won(evidence: Evidence, racer: str | None = None) -> Measured:
    """The functions that one racer leads on; without one, those of whoever leads on most."""
    counts = functions_won(evidence)
    return exactly(float(max(counts.values()) if racer is None else counts[racer]), _FUNCTIONS)


def listed(values: Mapping[str, Text | str]) -> Text:
    """``SGD 0.3, momentum 0.1``, each name in the reader's language."""
    return join([_PAIR.fill(name=NAMES[name], value=value) for name, value in values.items()], ", ")


_PAIR = Text("{name} {value}", "{name} {value}")
_ORDERS = Text(
    "difference in log₁₀ f over the last tenth of the steps, same starts",
    "마지막 10분의 1 스텝에서 log₁₀ f의 차이, 같은 출발점끼리",
)
_MORE = Text("how many more of the rates work, same starts", "효과가 있는 학습률의 개수 차이, 같은 출발점끼리")
_LOG_RATIO = Text("ln of the ratio of validation losses, same seeds", "검증 손실 비의 로그(ln), 같은 시드끼리")
_FUNCTIONS = Text(
    "functions of five on which it is lowest or not told from it", "가장 낮거나 그것과 가려지지 않는 함수의 개수, 다섯 가운데"
)
