"""A part written down: ``mlp(widths=[64] * 3, activation="relu")``.

One notation in Python strings, on the command line, in JSON and on the page. It looks like a Python call and is read by `ast`:
literals, lists, nested specs and list repetition, nothing else; nothing is ever evaluated.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from whynet.errors import SpecError
from whynet.text import Text

Value = Union[None, bool, int, float, str, list["Value"], dict[str, "Value"], "Spec"]

REPEATS = 4  # a list of at least this many equal entries is printed as [x] * n
LONGEST = 100_000  # entries that all repetitions of a spec may make
GREATEST = 2**64  # whole numbers are below it


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
        return hash((self.name, frozenset(self.options), len(self.args)))  # options in another order are the same options

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
    if not isinstance(text, str):
        raise SpecError(_NOT_A_SPEC, text=_short(repr(text)), place=1)
    try:
        value = _Reader(text).value
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpecError(_NOT_A_SPEC, text=_short(text), place=getattr(error, "offset", None) or 1) from None
    if not isinstance(value, Spec):
        raise SpecError(_NOT_A_SPEC, text=_short(text), place=1)
    return value


def parse_value(text: str) -> Value:
    """Read one option's value; text that is no literal, list or spec stands for itself, so ``--loss mse`` needs no quotes."""
    try:
        return _Reader(text).value
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
_TOO_LONG = Text(
    "Repeating lists may make at most {longest:,} entries. Received: {text}",
    "리스트 반복으로 만들 수 있는 값은 {longest:,}개까지다. 받은 것: {text}",
)
_TOO_LARGE = Text(
    "A whole number in a spec is smaller than {greatest:,}; write a larger one as 1e30. Received: {text}",
    "스펙의 정수는 {greatest:,}보다 작다. 더 큰 수는 1e30처럼 쓴다. 받은 것: {text}",
)


class _Reader:
    """Reads one text; ``value`` is what it says."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.repeated = 0  # entries that repetitions and sums have made so far
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python remarks on "\d" in a string, which is no concern of a spec
            tree = ast.parse(text.strip(), mode="eval").body
        self.value = self.read(tree)

    def read(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() as whole) if abs(whole) >= GREATEST:
                raise SpecError(_TOO_LARGE, text=_short(self.text), greatest=GREATEST)
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return value
            case ast.Name(id="inf" | "nan" as name):
                return float(name)
            case ast.Name(id=name):
                return Spec(name)
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                return [self.read(entry) for entry in entries]
            case ast.Dict(keys=keys, values=values) if all(
                isinstance(k, ast.Constant) and isinstance(k.value, str) for k in keys
            ):
                names = [str(key.value) for key in keys if isinstance(key, ast.Constant)]
                return dict(zip(names, (self.read(value) for value in values), strict=True))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
                number = self.read(inner)
                if isinstance(number, int | float) and not isinstance(number, bool):
                    return -number if isinstance(sign, ast.USub) else number
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                items, times = self.read(left), self.read(right)
                if isinstance(items, int):
                    items, times = times, items
                if isinstance(items, list) and isinstance(times, int) and not isinstance(times, bool) and times >= 0:
                    self.count(_size(items) * times)
                    return items * times
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                first, second = self.read(left), self.read(right)
                if isinstance(first, list) and isinstance(second, list):
                    self.count(len(first) + len(second))
                    return first + second
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                options: dict[str, Value] = {}
                for keyword in keywords:
                    if keyword.arg is None or keyword.arg in options:
                        break
                    options[keyword.arg] = self.read(keyword.value)
                else:
                    return Spec(name, options, tuple(self.read(arg) for arg in args))
        raise SpecError(_NOT_ALLOWED, part=_short(ast.unparse(node)), text=_short(self.text))

    def count(self, entries: int) -> None:
        """A few letters can ask for more entries than fit in memory; they may not."""
        self.repeated += entries
        if self.repeated > LONGEST:
            raise SpecError(_TOO_LONG, text=_short(self.text), longest=LONGEST)


def _size(value: Value) -> int:
    """How many values a value is made of."""
    if isinstance(value, list):
        return sum(map(_size, value)) or 1
    if isinstance(value, dict):
        return sum(map(_size, value.values())) or 1
    if isinstance(value, Spec):
        return 1 + sum(map(_size, value.options.values())) + sum(map(_size, value.args))
    return 1


def _write(value: Any) -> str:
    match value:
        case str():
            return '"' + "".join(_escape(letter) for letter in value) + '"'
        case list() | tuple():
            entries = [_write(item) for item in value]  # compared as written: 1, 1.0 and True are equal to Python
            if len(entries) >= REPEATS and all(entry == entries[0] for entry in entries):
                return f"[{entries[0]}] * {len(entries)}"
            return f"[{', '.join(entries)}]"
        case dict():
            return "{" + ", ".join(f"{_write(key)}: {_write(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)


def _escape(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def _short(text: str, length: int = 80) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
