"""What is done to make a deep network learn, one change each; tried by every question about depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from whynet.questions.claim import Outcome
from whynet.recipe import Recipe, diff
from whynet.spec import Spec
from whynet.text import Text

PATHS = ("model.activation", "model.norm", "model.skip", "init", "optimizer.lr")  # all that the remedies may change
MENDED = 0.8  # of the way from chance to a network that learns
OUTCOMES_OF_REMEDIES: dict[Outcome, Text] = {
    "held": Text("mends it", "학습을 되살린다"),
    "did not hold": Text("does not mend it", "되살리지 못한다"),
    "undecided": Text("undecided", "판단 유보"),
}


@dataclass(frozen=True)
class Remedy:
    """A change to a recipe, and the sentence that says it helps. ``saying``: it is often said so."""

    key: str
    name: Text
    says: Text
    change: Callable[[Recipe], Recipe]
    saying: bool = False
    moves_start: bool = True  # whether it changes the gradient of the first step


def remedies(broken: Recipe) -> list[Remedy]:
    """Those that change something in this recipe."""
    return [one for one in ALL if diff(broken, one.change(broken))]


def _rate(recipe: Recipe) -> Recipe:
    """Ten times the learning rate, where the optimizer says one."""
    given = recipe.optimizer.options.get("lr") if isinstance(recipe.optimizer, Spec) else None
    return recipe.change(**{"optimizer.lr": 10 * given}) if isinstance(given, int | float) else recipe


ALL = (
    Remedy(
        "larger-rate",
        Text("ten times the learning rate", "학습률 10배"),
        Text("Ten times the learning rate mends it.", "학습률(learning rate)을 10배로 하면 학습한다."),
        _rate,
        saying=True,
        moves_start=False,
    ),
    Remedy(
        "relu",
        Text("ReLU alone", "ReLU만"),
        Text(
            "Replacing the activation by ReLU, and nothing else, mends it.", "활성화 함수(activation)만 ReLU로 바꾸면 학습한다."
        ),
        lambda r: r.change(**{"model.activation": "relu"}),
        saying=True,
    ),
    Remedy(
        "xavier",
        Text("Xavier alone", "Xavier만"),
        Text("Xavier initialisation alone mends it.", "Xavier 초기화(initialisation)만으로 학습한다."),
        lambda r: r.change(init="xavier"),
        saying=True,
    ),
    Remedy(
        "relu-he",
        Text("ReLU with He", "ReLU와 He 초기화"),
        Text("ReLU together with He initialisation mends it.", "ReLU와 He 초기화를 함께 쓰면 학습한다."),
        lambda r: r.change(**{"model.activation": "relu", "init": "he"}),
    ),
    Remedy(
        "batch-norm",
        Text("batch norm", "배치 정규화"),
        Text("Batch normalisation alone mends it.", "배치 정규화(batch normalisation)만으로 학습한다."),
        lambda r: r.change(**{"model.norm": "batch"}),
    ),
    Remedy(
        "skip",
        Text("skip connections", "스킵 연결"),
        Text("Skip connections alone mend it.", "스킵 연결(skip connection)만으로 학습한다."),
        lambda r: r.change(**{"model.skip": "add"}),
    ),
)
