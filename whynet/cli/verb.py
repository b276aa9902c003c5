"""A verb: a function whose annotations say, in both languages, how its parameters are given on the command line.

    @verb("Train a network.", "네트워크를 학습한다.", place=1, examples=["whynet fit digits mlp --epochs 5"])
    def fit(
        data: Annotated[str, argument("what to learn from", "학습할 데이터")],
        folds: Annotated[int | None, Range(least=2), option("cross-validate", "교차 검증")] = None,
    ) -> int | None: ...

A parameter that is a dataclass stands for its fields, so that verbs can share options. Values are checked against the annotation
with the words of the registry; what is returned is the exit code, None for 0.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cached_property
from typing import Any, Literal

from whynet.registry import check
from whynet.spec import parse_value
from whynet.text import Text


@dataclass(frozen=True)
class Word:
    """How one parameter is given: by its place, or by its name."""

    help: Text
    by_place: bool
    metavar: str = ""
    names: tuple[str, ...] = ()


def argument(en: str, ko: str, metavar: str = "") -> Word:
    """A parameter given by its place."""
    return Word(Text(en, ko), True, metavar)


def option(en: str, ko: str, metavar: str = "", names: tuple[str, ...] = ()) -> Word:
    """A parameter given as ``--name``."""
    return Word(Text(en, ko), False, metavar, names)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a verb, flat."""

    name: str
    hint: Any
    default: Any  # inspect.Parameter.empty where it must be given
    word: Word
    owner: str | None = None  # the dataclass parameter it is a field of

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def is_flag(self) -> bool:
        return _bare(self.hint) is bool

    @property
    def is_list(self) -> bool:
        return typing.get_origin(_bare(self.hint)) is list

    @property
    def label(self) -> str:
        """How a message calls it: ``DATA`` or ``--batch-size``."""
        return self.metavar if self.word.by_place else self.word.names[0] if self.word.names else self.dashed

    @property
    def dashed(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def metavar(self) -> str:
        if self.word.metavar or self.is_flag:
            return self.word.metavar
        if self.word.by_place:
            return self.name.upper()
        hint = _bare(self.hint)
        if typing.get_origin(hint) is Literal:
            return "|".join(map(str, typing.get_args(hint)))
        return {int: "N", float: "X"}.get(hint, "TEXT")

    def read(self, given: Any) -> Any:
        """The value of what was typed, checked. Raises `OptionError`."""
        if given is None or self.is_flag:
            return given
        if self.is_list:
            return list(given)
        if _bare(self.hint) is str:
            return given
        return check(self.label, _wanted(self.hint), parse_value(given))


@dataclass(frozen=True)
class Verb:
    """A function that can be called from the command line."""

    name: str
    run: Callable[..., int | None]
    help: Text
    examples: tuple[str, ...]
    place: int  # in the list of verbs
    more: Text | None = None  # what its help says beyond one line

    @cached_property
    def parameters(self) -> list[Parameter]:
        """All parameters in order, dataclasses taken apart."""
        return _flatten(self.run)

    def call(self, given: Mapping[str, Any]) -> int | None:
        """Run it with what was typed. Raises `OptionError` for a value that does not fit."""
        arguments: dict[str, Any] = {}
        groups: dict[str, dict[str, Any]] = {}
        for parameter in self.parameters:
            value = parameter.read(given[parameter.name])
            if value is None or value == []:
                value = parameter.default
            if parameter.owner:
                groups.setdefault(parameter.owner, {})[parameter.name] = value
            else:
                arguments[parameter.name] = value
        hints = typing.get_type_hints(self.run)
        for owner, values in groups.items():
            arguments[owner] = hints[owner](**values)
        return self.run(**arguments)


_verbs: dict[str, Verb] = {}


def verb(
    en: str, ko: str, *, place: int, examples: Sequence[str], more: Text | None = None
) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Make a function a verb, under its own name. ``examples`` are whole command lines; the tests run them."""

    def decorate(function: Callable[..., int | None]) -> Callable[..., int | None]:
        name = function.__name__.strip("_").replace("_", "-")
        _verbs[name] = Verb(name, function, Text(en, ko), tuple(examples), place, more)
        return function

    return decorate


def verbs() -> list[Verb]:
    """Every known verb in the order of the help."""
    return sorted(_verbs.values(), key=lambda one: (one.place, one.name))


def _flatten(owner: Callable[..., Any], of: str | None = None) -> list[Parameter]:
    """Parameters given by place come first, then the verb's own options, then the shared ones; each in the order of the signature."""
    hints = typing.get_type_hints(owner.__init__ if inspect.isclass(owner) else owner, include_extras=True)
    found: list[Parameter] = []
    for name, parameter in inspect.signature(owner).parameters.items():
        hint = hints[name]
        if isinstance(hint, type) and is_dataclass(hint):
            found += _flatten(hint, name)
            continue
        word = next(extra for extra in typing.get_args(hint)[1:] if isinstance(extra, Word))
        found.append(Parameter(name, hint, parameter.default, word, of))
    return sorted(found, key=lambda one: (not one.word.by_place, one.owner is not None))


def _bare(hint: Any) -> Any:
    """The type without its annotations and without None: ``Annotated[int | None, …]`` is int."""
    if typing.get_origin(hint) is typing.Annotated:
        return _bare(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [one for one in typing.get_args(hint) if one is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else hint
    return hint


def _wanted(hint: Any) -> Any:
    """The annotation without None: leaving an option out is how None is said on a command line."""
    if typing.get_origin(hint) is typing.Annotated:
        return typing.Annotated[(_wanted(typing.get_args(hint)[0]), *hint.__metadata__)]
    return _bare(hint)
