"""A part written down: ``mlp(widths=[64] * 3, activation="relu")``.

One notation in Python strings, on the command line, in JSON and on the page. It looks like a Python call and is read by `ast`:
literals, lists, nested specs and list repetition, nothing else; nothing is ever evaluated.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from whynet.errors import SpecError
from whynet.text import Text

Value = Union[None, bool, int, float, str, list["Value"], dict[str, "Value"], "Spec"]

REPEATS = 4  # a list of at least this many equal entries is printed as [x] * n
LONGEST = 100_000  # entries a repetition may make


@dataclass(frozen=True)
class Spec:
    """A name with options, and positional arguments where the thing takes them: ``sequential([flatten, linear(10)])``."""

    name: str
    options: Mapping[str, Value] = field(default_factory=dict)
    args: tuple[Value, ...] = ()

    def __str__(self) -> str:
        inside = [_write(value) for value in self.args]
        inside += [f"{key}={_write(value)}" for key, value in self.options.items()]
        return f"{self.name}({', '.join(inside)})" if inside else self.name

    def __hash__(self) -> int:
        return hash(str(self))

    def replace(self, **options: Value) -> Spec:
        """The same spec with some options changed: ``parse("sgd(lr=0.1)").replace(lr=1.0)``."""
        return Spec(self.name, {**self.options, **options}, self.args)

    def without(self, *names: str) -> Spec:
        """The same spec with some options left at their defaults."""
        return Spec(self.name, {key: value for key, value in self.options.items() if key not in names}, self.args)


def parse(text: str | Spec) -> Spec:
    """Read a spec. Raises `SpecError` with the place and a valid example where the text is not one.

    >>> str(parse("mlp(widths=[64]*10, activation='sigmoid')"))
    'mlp(widths=[64] * 10, activation="sigmoid")'
    """
    if isinstance(text, Spec):
        return text
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpecError(_NOT_A_SPEC, text=_short(text), place=getattr(error, "offset", None) or 1) from None
    try:
        value = _read(tree, text)
    except RecursionError:
        raise SpecError(_NOT_A_SPEC, text=_short(text), place=1) from None
    if not isinstance(value, Spec):
        raise SpecError(_NOT_A_SPEC, text=_short(text), place=1)
    return value


def parse_value(text: str) -> Value:
    """Read one option's value; text that is no literal, list or spec stands for itself, so ``--loss mse`` needs no quotes."""
    try:
        return _read(ast.parse(text.strip(), mode="eval").body, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, SpecError):
        return text


_NOT_A_SPEC = Text(
    "This is not a spec: {text} (at character {place}). "
    'Write a name with options, such as mlp(widths=[64, 64], activation="relu").',
    '스펙(spec)이 아니다: {text} ({place}번째 글자). 이름과 옵션으로 쓴다. 예: mlp(widths=[64, 64], activation="relu").',
)
_NOT_ALLOWED = Text(
    "A spec holds numbers, strings, lists and other specs only. Received: {part} in {text}",
    "스펙에는 숫자, 문자열, 리스트, 다른 스펙만 쓸 수 있다. 받은 것: {text} 안의 {part}",
)


def _read(node: ast.expr, text: str) -> Value:
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.Name(id="inf" | "nan" as name):
            return float(name)
        case ast.Name(id=name):
            return Spec(name)
        case ast.List(elts=entries) | ast.Tuple(elts=entries):
            return [_read(entry, text) for entry in entries]
        case ast.Dict(keys=keys, values=values) if all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in keys):
            names = [str(key.value) for key in keys if isinstance(key, ast.Constant)]
            return dict(zip(names, (_read(value, text) for value in values), strict=True))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
            number = _read(inner, text)
            if isinstance(number, int | float) and not isinstance(number, bool):
                return -number if isinstance(sign, ast.USub) else number
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            items, times = _read(left, text), _read(right, text)
            if isinstance(items, int):
                items, times = times, items
            if isinstance(items, list) and isinstance(times, int) and 0 <= times * len(items) <= LONGEST:
                return items * times
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            first, second = _read(left, text), _read(right, text)
            if isinstance(first, list) and isinstance(second, list):
                return first + second
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            options: dict[str, Value] = {}
            for keyword in keywords:
                if keyword.arg is None or keyword.arg in options:
                    break
                options[keyword.arg] = _read(keyword.value, text)
            else:
                return Spec(name, options, tuple(_read(arg, text) for arg in args))
    raise SpecError(_NOT_ALLOWED, part=_short(ast.unparse(node)), text=_short(text))


def _write(value: Any) -> str:
    match value:
        case str():
            return '"' + value.encode("unicode_escape").decode().replace('"', '\\"') + '"' if _awkward(value) else f'"{value}"'
        case float() if math.isinf(value) or math.isnan(value):
            return str(value)
        case list() | tuple():
            if len(value) >= REPEATS and all(_same(item, value[0]) for item in value):
                return f"[{_write(value[0])}] * {len(value)}"
            return f"[{', '.join(_write(item) for item in value)}]"
        case dict():
            return "{" + ", ".join(f"{_write(key)}: {_write(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)


def _awkward(text: str) -> bool:
    return '"' in text or "\\" in text or not text.isprintable()


def _same(a: Any, b: Any) -> bool:
    """Equal and printed equally: 1, 1.0 and True are equal to Python but not the same in a spec."""
    return _write(a) == _write(b)


def _short(text: str, length: int = 80) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
