"""Reading what a comparison varies: ``model.activation=sigmoid,relu``, ``optimizer=sgd(lr=0.1)|adam``."""

from __future__ import annotations

from whynet.errors import OptionError
from whynet.spec import Spec, Value, parse_value
from whynet.text import Text

OPENING, CLOSING, QUOTES = "([{", ")]}", "\"'"


def read_factor(text: str) -> dict[str, list[Value]]:
    """The path and its values. Raises `OptionError` where there is no ``=`` or fewer than two values.

    >>> read_factor("optimizer.lr=0.01,0.1")
    {'optimizer.lr': [0.01, 0.1]}
    """
    path, equals, rest = text.partition("=")
    path = path.strip().replace("-", "_")
    values = [_value(part) for part in split(rest)] if equals else []
    if not path or len(values) < 2:
        raise OptionError(_NOT_A_FACTOR, received=text)
    return {path: values}


def split(text: str) -> list[str]:
    """The parts between bars, or, where there is no bar, between commas; none inside brackets or quotes is meant."""
    parts, depth, quote = [(0, "")], 0, ""
    for i, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in QUOTES:
            quote = letter
        elif letter in OPENING:
            depth += 1
        elif letter in CLOSING:
            depth -= 1
        elif letter in ",|" and depth == 0:
            parts.append((i, letter))
    mark = "|" if any(letter == "|" for _, letter in parts) else ","
    places = [i for i, letter in parts if letter == mark]
    cut = [text[start:end].strip() for start, end in zip([0, *(i + 1 for i in places)], [*places, len(text)], strict=True)]
    return [part for part in cut if part]


def _value(text: str) -> Value:
    value = parse_value(text)
    return None if value == Spec("none") else value


_NOT_A_FACTOR = Text(
    "--factor: expected a path and at least two values, such as model.activation=sigmoid,relu or "
    "'optimizer=sgd(lr=0.1)|adam'. Received: {received}",
    "--factor: 경로와 둘 이상의 값이 필요하다. 예: model.activation=sigmoid,relu 또는 'optimizer=sgd(lr=0.1)|adam'. "
    "받은 것: {received}",
)
