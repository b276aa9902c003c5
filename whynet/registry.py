"""Everything whynet knows by name: registered once, where it is defined.

    @register("optimizer", year=1951, source="Robbins and Monro", en="Step against the gradient.", ko="…")
    @dataclass(frozen=True)
    class SGD: ...

Lists, command-line help, menus, documentation and contract tests all come from here, so none of them can drift. The options of
a thing are the parameters of its constructor; their types and ranges are read from the annotations:

    lr: Annotated[float, Range(above=0)] = 0.01
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from whynet.errors import OptionError, SpecError, UnknownNameError, nearest
from whynet.spec import Spec, parse
from whynet.text import Text, plain

Kind = Literal["data", "model", "layer", "loss", "optimizer", "schedule", "clip", "init", "probe", "cause", "question"]
Made = TypeVar("Made", bound=Callable[..., Any])

SUPPLIED: Mapping[str, frozenset[str]] = {  # parameters that whynet fills in, and a user therefore does not
    "data": frozenset({"seed"}),
    "model": frozenset({"inputs", "outputs"}),
    "layer": frozenset({"inputs"}),
}
KIND_NAMES: Mapping[str, Text] = {
    "data": Text("data set", "데이터셋"),
    "model": Text("model", "모델"),
    "layer": Text("layer", "층(layer)"),
    "loss": Text("loss", "손실 함수(loss)"),
    "optimizer": Text("optimizer", "옵티마이저(optimizer)"),
    "schedule": Text("learning-rate schedule", "학습률 스케줄(schedule)"),
    "clip": Text("gradient clipping", "기울기 클리핑(gradient clipping)"),
    "init": Text("initialisation", "초기화(initialisation)"),
    "probe": Text("probe", "프로브(probe)"),
    "cause": Text("cause", "원인"),
    "question": Text("question", "질문"),
}


@dataclass(frozen=True)
class Range:
    """The numbers an option may take: ``Annotated[float, Range(above=0, most=1)]`` is 0 < x ≤ 1."""

    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None

    def holds(self, value: float) -> bool:
        return (
            value == value  # not NaN
            and (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        low = f"{self.least:g} <= " if self.least is not None else f"{self.above:g} < " if self.above is not None else ""
        high = f" <= {self.most:g}" if self.most is not None else f" < {self.below:g}" if self.below is not None else ""
        return f"{low}x{high}"


@dataclass(frozen=True)
class Info:
    """What is known of one registered thing."""

    kind: Kind
    name: str
    make: Callable[..., Any]
    idea: Text  # one line: what it is and why it works
    year: int | None = None
    source: str = ""
    accepts: frozenset[str] = frozenset()  # the kinds of task it can serve; empty: any
    facts: Mapping[str, Any] = field(default_factory=dict)  # what one kind says of itself beyond this

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The options a user may set, in order."""
        return {
            name: parameter
            for name, parameter in inspect.signature(self.make).parameters.items()
            if name not in SUPPLIED.get(self.kind, ()) and parameter.kind is not inspect.Parameter.VAR_KEYWORD
        }

    @cached_property
    def hints(self) -> Mapping[str, Any]:
        """The annotated type of each option."""
        owner = self.make.__init__ if inspect.isclass(self.make) else self.make
        return typing.get_type_hints(owner, include_extras=True)

    def allows(self, option: str) -> Text:
        """What an option may be, in words."""
        return _describe(self.hints.get(option, Any))

    @property
    def signature(self) -> str:
        """The options with their defaults, as a user would write them."""
        parts = []
        for name, parameter in self.parameters.items():
            required = parameter.default is inspect.Parameter.empty
            parts.append(name if required else str(Spec("x", {name: parameter.default}))[2:-1])
        return f"{self.name}({', '.join(parts)})"


_registry: dict[tuple[str, str], Info] = {}


def register(
    kind: Kind,
    *,
    en: str,
    ko: str,
    name: str | None = None,
    year: int | None = None,
    source: str = "",
    accepts: Iterable[str] = (),
    **facts: Any,
) -> Callable[[Made], Made]:
    """Put a class or function on the list of its kind, under its name in snake case or a given one."""

    def decorate(made: Made) -> Made:
        own = name or _snake(made.__name__)
        there = _registry.get((kind, own))
        if there and (there.make.__module__, there.make.__qualname__) != (made.__module__, made.__qualname__):
            raise ValueError(f"Two things are registered as {kind} {own!r}: {there.make} and {made}")
        _registry[kind, own] = Info(kind, own, made, Text(en, ko), year, source, frozenset(accepts), facts)
        return made

    return decorate


def discover(package: str, path: Sequence[str]) -> None:
    """Import every file of a package, so that what it registers is known. A room calls this in its ``__init__``."""
    for module in pkgutil.walk_packages(path, prefix=package + "."):
        if not module.name.rpartition(".")[2].startswith("_"):
            importlib.import_module(module.name)


def names(kind: Kind) -> list[str]:
    """The registered names of a kind, sorted."""
    return sorted(name for (of, name) in _registry if of == kind)


def infos(kind: Kind) -> list[Info]:
    """Everything registered of a kind, sorted by name."""
    return [_registry[kind, name] for name in names(kind)]


def get(kind: Kind, name: str) -> Info:
    """One registered thing. Raises `UnknownNameError` with the nearest names."""
    if (kind, name) not in _registry:
        raise UnknownNameError(_UNKNOWN, kind=KIND_NAMES[kind], name=name, near=nearest(name, names(kind)))
    return _registry[kind, name]


def bind(kind: Kind, spec: str | Spec) -> tuple[Info, dict[str, Any]]:
    """The registered thing a spec names and its options by name, each checked; defaults are not filled in.

    Raises `UnknownNameError` or `OptionError`.
    """
    spec = parse(spec)
    info = get(kind, spec.name)
    known = info.parameters
    options: dict[str, Any] = {}
    positional = [n for n, p in known.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    if len(spec.args) > len(positional):
        raise OptionError(_TOO_MANY, name=spec.name, count=len(spec.args), allowed=len(positional), signature=info.signature)
    given = {**dict(zip(positional, spec.args, strict=False)), **spec.options}
    for name in spec.options:
        if name not in known:
            raise OptionError(_NO_OPTION, name=spec.name, option=name, near=nearest(name, known), signature=info.signature)
        if name in positional[: len(spec.args)]:
            raise OptionError(_TWICE, name=spec.name, option=name)
    for name, parameter in known.items():
        if name in given:
            options[name] = check(f"{spec.name}: {name}", info.hints.get(name, Any), given[name])
        elif parameter.default is inspect.Parameter.empty:
            raise OptionError(_MISSING, name=spec.name, option=name, signature=info.signature)
    return info, options


def canonical(kind: Kind, spec: str | Spec) -> Spec:
    """The spec with positional arguments named and options in the order of the signature, checked.

    However a user wrote it, the same options give the same spec. A list of specs that may come first without a name stays without
    one: ``sequential([flatten, linear(10)])``.
    """
    spec = parse(spec)
    info, options = bind(kind, spec)
    first = next((name for name, p in info.parameters.items() if p.kind is not p.KEYWORD_ONLY), None)
    entries = options.get(first) if first else None
    if isinstance(entries, list | tuple) and entries and all(isinstance(entry, Spec) for entry in entries):
        return Spec(spec.name, {k: v for k, v in options.items() if k != first}, (list(entries),))
    return Spec(spec.name, options)


def make(kind: Kind, spec: str | Spec, **supplied: Any) -> Any:
    """Build what a spec names."""
    info, options = bind(kind, spec)
    return info.make(**supplied, **options)


# --- checking one value against its annotation -----------------------------------------------------------------------


def check(label: str, hint: Any, value: Any) -> Any:
    """The value as its annotated type (an int where a float is wanted becomes one). Raises `OptionError`."""
    try:
        return _fit(hint, value)
    except _UnfitError as unfit:
        shown = Spec("x", {"x": value}) if _writable(value) else value
        received = str(shown)[4:-1] if isinstance(shown, Spec) else repr(value)
        raise OptionError(_WRONG, option=label, expected=unfit.expected, received=received) from None


class _UnfitError(Exception):
    def __init__(self, expected: Text) -> None:
        self.expected = expected


def _fit(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin is typing.Annotated:
        try:
            fitted = _fit(arguments[0], value)
        except _UnfitError:
            raise _UnfitError(_describe(hint)) from None  # with the range
        for limit in arguments[1:]:
            if isinstance(limit, Range) and isinstance(fitted, int | float) and not limit.holds(fitted):
                raise _UnfitError(_describe(hint))
        return fitted
    if origin in (typing.Union, types.UnionType):
        for option in sorted(arguments, key=lambda option: option is float):  # an int stays an int where both are allowed
            try:
                return _fit(option, value)
            except (_UnfitError, SpecError):
                continue
        raise _UnfitError(_describe(hint))
    if origin is Literal:
        name = value.name if isinstance(value, Spec) and not value.options and not value.args else value
        if any(name == choice and type(name) is type(choice) for choice in arguments):
            return name
        raise _UnfitError(_describe(hint))
    if origin in (list, Sequence, tuple):
        if not isinstance(value, list | tuple):
            raise _UnfitError(_describe(hint))
        if origin is tuple and arguments[-1] is not Ellipsis:
            if len(value) != len(arguments):
                raise _UnfitError(_describe(hint))
            return tuple(_fit(inner, item) for inner, item in zip(arguments, value, strict=True))
        items = [_fit(arguments[0], item) for item in value]
        return tuple(items) if origin is tuple else items
    if origin is dict:
        if not isinstance(value, dict):
            raise _UnfitError(_describe(hint))
        return {key: _fit(arguments[1], item) for key, item in value.items()}
    if hint is type(None):
        if value is None:
            return value
    elif hint is bool:
        if isinstance(value, bool):
            return value
    elif hint is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
    elif hint is float:
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
            try:
                return float(value)
            except OverflowError:
                raise _UnfitError(_describe(hint)) from None
    elif hint is str:
        if isinstance(value, str):
            return value
        if isinstance(value, Spec) and not value.options and not value.args:  # activation=relu, unquoted
            return value.name
    elif hint is Spec:
        if isinstance(value, Spec):
            return value
        if isinstance(value, str):
            return parse(value)
    elif isinstance(hint, type) and isinstance(value, hint):
        return value
    raise _UnfitError(_describe(hint))


def _describe(hint: Any) -> Text:
    """What an annotation allows, in words."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        limits = [str(limit) for limit in arguments[1:] if isinstance(limit, Range)]
        if not limits:
            return _describe(arguments[0])
        return Text("{base} with {limit}", "{limit}인 {base}").fill(base=_describe(arguments[0]), limit=", ".join(limits))
    if origin in (typing.Union, types.UnionType):
        described = [_describe(option) for option in arguments]
        first = described[0]
        for other in described[1:]:
            first = Text("{first} or {other}", "{first} 또는 {other}").fill(first=first, other=other)
        return first
    if origin is Literal:
        return Text("one of {names}", "{names} 중 하나").fill(names=", ".join(str(choice) for choice in arguments))
    if origin is tuple and arguments[-1] is not Ellipsis:
        return Text("{n} values, each {item}", "값 {n}개, 각각 {item}").fill(n=len(arguments), item=_describe(arguments[0]))
    if origin in (list, Sequence, tuple):
        return Text("a list, each entry {item}", "리스트, 항목은 각각 {item}").fill(item=_describe(arguments[0]))
    return _TYPE_NAMES.get(origin or hint, plain(getattr(hint, "__name__", str(hint))))


_TYPE_NAMES: Mapping[Any, Text] = {
    type(None): Text("none", "없음(None)"),
    bool: Text("True or False", "True 또는 False"),
    int: Text("a whole number", "정수"),
    float: Text("a number", "수"),
    str: Text("a text", "문자열"),
    Spec: Text("a spec such as relu or linear(10)", "relu, linear(10) 같은 스펙"),
    dict: Text("a dictionary", "사전(dict)"),
}


def _writable(value: Any) -> bool:
    return isinstance(value, None | bool | int | float | str | list | tuple | dict | Spec)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


_UNKNOWN = Text(
    "There is no {kind} named {name!r}. {near}",
    "{name!r:이라는} {kind:은} 없다. {near}",
)
_NO_OPTION = Text(
    "{name} has no option {option!r}. {near} Its options: {signature}",
    "{name}에는 {option!r} 옵션이 없다. {near} 쓸 수 있는 옵션: {signature}",
)
_TOO_MANY = Text(
    "{name} takes at most {allowed} values without a name. Received: {count}. Its options: {signature}",
    "{name}에는 이름 없는 값을 {allowed}개까지 쓸 수 있다. 받은 것: {count}개. 쓸 수 있는 옵션: {signature}",
)
_TWICE = Text("{name}: {option} is given twice.", "{name}: {option:이} 두 번 주어졌다.")
_MISSING = Text(
    "{name} needs {option}. Its options: {signature}",
    "{name}에는 {option:이} 필요하다. 옵션: {signature}",
)
_WRONG = Text(
    "{option}: expected {expected}. Received: {received}",
    "{option}: 허용되는 값은 {expected}. 받은 것: {received}",
)
