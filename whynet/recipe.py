"""A recipe: four parts and the settings of a training, written down, checked and frozen.

    recipe("digits", 'mlp(widths=[64] * 10, activation="sigmoid")', optimizer="sgd(lr=0.1)", epochs=20)

Making one checks every name and option before any data is read. Two recipes can be compared field by field: what `diff` names is
exactly what a comparison varies.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, cast, get_type_hints

import whynet.layers
import whynet.losses
import whynet.models
import whynet.optimizers  # noqa: F401
from whynet.data import resolve
from whynet.errors import OptionError, RecipeError, SpecError, nearest
from whynet.models.card import Training
from whynet.models.stages import EQUAL, NOTHING, Prefixes, Rates, read_prefixes, read_rates
from whynet.registry import Kind, Range, bind, canonical, check, get
from whynet.spec import Spec, Value, parse
from whynet.text import Text


@dataclass(frozen=True, eq=False)
class Given:
    """A part that is the user's own Python object: a module, a factory, a loss function, tensors."""

    value: Any
    label: str

    def __str__(self) -> str:
        return f"<{self.label}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Given) and self.value is other.value and self.label == other.label

    def __hash__(self) -> int:
        return hash((id(self.value), self.label))


Part = Spec | Given
ADAM, CONSTANT = Spec("adam"), Spec("constant")
PARTS = ("data", "model", "loss", "optimizer")
WRITTEN = (*PARTS, "schedule", "clip", "init")  # fields that hold specs


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training does. Made by `recipe`, which checks it."""

    data: Part
    model: Part
    loss: Part | None = None  # None: the model's own, else the task's
    optimizer: Part = ADAM
    batch_size: Annotated[int, Range(least=1)] | Literal["all"] | None = None  # None: 64, or all where there are fewer
    epochs: Annotated[int, Range(least=1)] = 20
    steps: Annotated[int, Range(least=1)] | None = None  # instead of epochs
    schedule: Spec = CONSTANT
    clip: Spec | None = None
    init: Spec | None = None  # None: each layer as torch initialises it
    pretrained: str | None = None  # a file of weights to begin with, by its whole path
    freeze: Prefixes = NOTHING  # parts of the network that are not trained
    rates: Rates = EQUAL  # factors of the learning rate, by part of the network
    early_stopping: Annotated[int, Range(least=1)] | None = None  # epochs without a better validation loss
    keep: Literal["last", "best"] = "last"  # the weights a run ends with; "best" by validation loss
    shuffle: bool = True
    precision: Literal["float32", "bfloat16"] = "float32"  # of products; weights, statistics and losses are in float32 always
    seed: Annotated[int, Range(least=0)] = 0

    def __str__(self) -> str:
        return " · ".join(f"{name} {text}" for name, text in self.written().items())

    def written(self) -> dict[str, str]:
        """The fields that differ from their defaults, and the four parts, as text."""
        text = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("data", "model", "optimizer") or value != field.default:
                text[field.name] = value if isinstance(value, str) else str(value)
        return text

    def change(self, **changes: Any) -> Recipe:
        """The same recipe with some fields changed, checked again.

        A path changes one option of a part: ``change(**{"optimizer.lr": 0.1})``.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for path, value in changes.items():
            name, _, option = path.partition(".")
            if name not in values:
                raise OptionError(_NO_SETTING, name=name, near=nearest(name, values))
            if option and name == "rates":
                values[name] = {**values[name], option: value}
            elif option:
                kind, part = cast(Kind, name), values[name]
                if name not in WRITTEN or not isinstance(part, str | Spec):
                    raise RecipeError(_NO_PATH, path=path, part=name, value=str(part))
                named = bind(kind, part)[1]  # also what was written without a name
                values[name] = Spec(parse(part).name, {**named, option: value})
            else:
                values[name] = value
        return recipe(**values)

    def to_json(self) -> str:
        """The recipe as JSON; parts are written in the one notation for specs."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({k: _told(v) for k, v in values.items()}, ensure_ascii=False)

    @property
    def is_written(self) -> bool:
        """Whether the recipe can be made again from its text alone: it holds no Python object of the user's."""
        return not any(isinstance(getattr(self, name), Given) for name in PARTS)


def recipe(data: Any, model: Any = "mlp", loss: Any = None, optimizer: Any = "adam", **settings: Any) -> Recipe:
    """Make a recipe of four parts and settings. Every part may be a spec or your own Python object.

    data: a spec, a path to a CSV file or an image folder, or anything `whynet.data.from_tensors` takes.
    model: a spec, a factory ``lambda: MyNet()``, or a live ``nn.Module``, which is copied and never modified.
    loss: a spec, or a function of (outputs, targets). optimizer: a spec, or a ``torch.optim.Optimizer`` to read the settings of.

    Raises `UnknownNameError`, `OptionError` or `SpecError`, each with what was received and what is allowed.
    """
    hints = get_type_hints(Recipe, include_extras=True)
    for name in settings:
        if name not in hints or name in PARTS:
            raise OptionError(_NO_SETTING, name=name, near=nearest(name, set(hints) - set(PARTS)))
    checked: dict[str, Any] = {"data": _data(data), "model": _part("model", model), "optimizer": _part("optimizer", optimizer)}
    checked["loss"] = None if loss is None else _part("loss", loss)
    for name, value in settings.items():
        if name in ("schedule", "clip", "init") and value is not None:
            kind: Any = name
            checked[name] = canonical(kind, _spec(value))
        elif name in _READ:
            checked[name] = _READ[name](value)
        else:
            checked[name] = check(name, hints[name], value)
    return Recipe(**checked)


def from_json(text: str) -> Recipe:
    """A recipe read back from `Recipe.to_json`.

    Raises `SpecError` for text that is none, else as `recipe` does, also for a setting that this version does not know.
    """
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict) or "data" not in values:
        raise SpecError(_NOT_JSON, text=text if len(text) <= 80 else text[:77] + "...")
    return recipe(**values)


def known(model: str) -> list[Recipe]:
    """Recipes that are known to train a model, from its registration; the first runs on embedded data in seconds.

    Raises `UnknownNameError`.
    """
    trainings = cast(Sequence[Training], get("model", model).facts.get("recipes", ()))
    return [recipe(one.data, one.model, one.loss, one.optimizer, **one.settings) for one in trainings]


@dataclass(frozen=True)
class Difference:
    """One field in which two recipes differ; ``path`` is ``"optimizer.lr"`` or, where the whole part differs, ``"optimizer"``."""

    path: str
    before: Value | Part
    after: Value | Part

    def __str__(self) -> str:
        return f"{self.path}: {self.before} → {self.after}"


def diff(before: Recipe, after: Recipe) -> list[Difference]:
    """Exactly the fields in which two recipes differ, options of parts one by one, defaults filled in."""
    found = []
    for field in fields(Recipe):
        a, b = getattr(before, field.name), getattr(after, field.name)
        kind: Any = field.name
        if isinstance(a, Spec) and isinstance(b, Spec) and a.name == b.name:
            options_a, options_b = _filled(kind, a), _filled(kind, b)
            found += [Difference(f"{kind}.{k}", options_a[k], options_b[k]) for k in options_a if options_a[k] != options_b[k]]
        elif isinstance(a, Rates):
            found += [Difference(f"rates.{k}", a.get(k), b.get(k)) for k in dict.fromkeys([*a, *b]) if a.get(k) != b.get(k)]
        elif a != b:
            found.append(Difference(field.name, a, b))
    return found


def changed_lines(before: Recipe, after: Recipe) -> list[str]:
    """The difference as the lines of a diff: ``- optimizer sgd(lr=0.1)``, ``+ optimizer sgd(lr=1.0)``."""
    names = dict.fromkeys(difference.path.partition(".")[0] for difference in diff(before, after))
    lines = []
    for name in names:
        for sign, one in (("-", before), ("+", after)):
            value = getattr(one, name)
            if value is not None:  # what was not set has no line
                lines.append(f"{sign} {name} {value}")
    return lines


def with_seed(one: Recipe, seed: int) -> Recipe:
    """The same recipe under another seed."""
    return replace(one, seed=seed)


def _filled(kind: Any, spec: Spec) -> Mapping[str, Any]:
    """A spec's options with the defaults filled in, as they would be had they been written: ``(64, 64)`` as ``[64, 64]``."""
    info, options = bind(kind, spec)
    return {
        name: options[name] if name in options else check(name, info.hints.get(name, Any), parameter.default)
        for name, parameter in info.parameters.items()
    }


def _told(value: Any) -> Any:
    """A field's value as JSON knows it."""
    return str(value) if isinstance(value, Spec | Given) else dict(value) if isinstance(value, Rates) else value


def _path(value: Any) -> str | None:
    """A file by its whole path, so that it is the same one wherever the recipe is read. Raises `OptionError`."""
    if isinstance(value, Spec) and not value.options and not value.args:
        value = value.name
    if value in (None, "", "none"):
        return None
    if not isinstance(value, str | os.PathLike):
        raise OptionError(_NOT_A_FILE, received=value)
    return str(Path(value).expanduser().absolute())


_READ: Mapping[str, Callable[[Any], Any]] = {"pretrained": _path, "freeze": read_prefixes, "rates": read_rates}


def _spec(value: Any) -> Spec:
    return value if isinstance(value, Spec) else parse(value)


def _data(value: Any) -> Part:
    if isinstance(value, Given):
        return value
    if isinstance(value, str | Spec):
        return canonical("data", resolve(value) if isinstance(value, str) else value)
    return Given(value, getattr(value, "name", None) or type(value).__name__)


def _part(kind: Any, value: Any) -> Part:
    if isinstance(value, Given):
        return value
    if isinstance(value, str | Spec):
        return canonical(kind, value)
    if not callable(value) and kind != "optimizer":
        raise RecipeError(_NOT_A_PART, kind=kind, received=type(value).__name__)
    return Given(value, getattr(value, "__name__", type(value).__name__))


def default_loss(model: Part, task_loss: str) -> Spec:
    """The loss of a recipe that names none: the model's own where it has one, else the task's."""
    own = get("model", model.name).facts.get("loss") if isinstance(model, Spec) else None
    return Spec(own or task_loss)


class _Callable(ModuleType):
    """The room and what is made in it share a name: ``whynet.recipe(…)`` works whether or not the module was imported first."""

    def __call__(self, *args: Any, **settings: Any) -> Recipe:
        return recipe(*args, **settings)


sys.modules[__name__].__class__ = _Callable

_NO_SETTING = Text(
    "A recipe has no setting {name!r}. {near}",
    "레시피(recipe)에 {name!r} 설정은 없다. {near}",
)
_NOT_JSON = Text(
    'Expected a recipe as JSON, an object with at least its data: {{"data": "digits"}}. Received: {text}',
    'JSON으로 쓴 레시피(recipe)여야 한다. 적어도 데이터가 있는 객체: {{"data": "digits"}}. 받은 것: {text}',
)
_NOT_A_FILE = Text(
    "pretrained: expected the path of a file of weights, such as resnet18.safetensors. Received: {received!r}",
    "pretrained: 가중치 파일의 경로여야 한다. 예: resnet18.safetensors. 받은 것: {received!r}",
)
_NO_PATH = Text(
    "Cannot change {path}: {part} is {value}, not a spec with options. Give a whole new {part}.",
    "{path:을} 바꿀 수 없다. {part:은} 옵션이 있는 스펙이 아니라 {value}. {part} 전체를 새로 준다.",
)
_NOT_A_PART = Text(
    "Expected the {kind} as a spec such as {kind}(…), or as a callable object of your own. Received: {received}",
    "{kind:은} 스펙이나 호출할 수 있는 객체여야 한다. 받은 것: {received}",
)
