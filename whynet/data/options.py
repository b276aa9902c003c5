"""The options that every data set takes beside its own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_type_hints

from whynet.errors import OptionError, nearest
from whynet.registry import Range, check
from whynet.text import Text

Scale = Literal["none", "standard", "minmax"]
Targets = Literal["raw", "standard"]
Share = Annotated[float, Range(above=0, below=1)]


@dataclass(frozen=True)
class Options:
    """How raw examples become training, validation and test sets.

    ``scale``: what is done to the inputs, with numbers taken from the training examples alone. ``none`` leaves them as the data
    set gives them (a table in its raw units, pixels in [0, 1]); ``standard`` is (x - mean) / std; ``minmax`` is
    (x - min) / (max - min). Columns of a table are scaled one by one, images by channel; 0/1 columns made from categories stay.
    ``targets``: ``raw`` units, or ``standard`` for (y - mean) / std of the training targets, which leaves r2 as it is; None
    standardises values and leaves class labels alone.
    ``train``: use only that many training examples, at least one of each class; a smaller number is a subset of a larger one.
    ``test``: share of all examples, ignored where the data set comes with a test set of its own.
    ``validation``: share of the examples that are not test, ignored where the data set comes with a validation set of its own.
    ``fold``, ``folds``: cut what is not test into that many folds and validate on this one, counted from 0.
    ``shuffle_labels``: the control experiment in which the labels say nothing of the inputs.
    ``label_noise``: share of the training examples that are each given the target of another one of them; the other sets stay true.
    """

    scale: Scale = "none"
    targets: Targets | None = "raw"
    train: Annotated[int, Range(least=1)] | None = None
    validation: Share = 0.1
    test: Share = 0.2
    fold: Annotated[int, Range(least=0)] | None = None
    folds: Annotated[int, Range(least=2)] = 5
    shuffle_labels: bool = False
    label_noise: Annotated[float, Range(least=0, most=1)] = 0.0

    def __post_init__(self) -> None:
        if self.fold is not None and self.fold >= self.folds:
            raise OptionError(_NO_FOLD, fold=self.fold, folds=self.folds, last=self.folds - 1)


def options_from(owner: str, given: dict[str, Any]) -> Options:
    """Common options as given by name, each checked. Raises `OptionError`."""
    known, hints = [field.name for field in fields(Options)], get_type_hints(Options, include_extras=True)
    for name in given:
        if name not in known:
            raise OptionError(_NO_OPTION, owner=owner, option=name, near=nearest(name, known))
    return Options(**{name: check(f"{owner}: {name}", hints[name], value) for name, value in given.items()})


_NO_FOLD = Text(
    "There is no fold {fold} among {folds} folds: they are counted from 0 to {last}.",
    "폴드(fold) {folds}개 가운데 {fold}번은 없다. 0번부터 {last}번까지 센다.",
)
_NO_OPTION = Text("{owner} has no option {option!r}. {near}", "{owner}에는 {option!r} 옵션이 없다. {near}")
