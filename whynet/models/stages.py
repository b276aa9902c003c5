"""Parts of a network, named by how the names of their parameters begin: ``stem``, ``stage1``, ``stage1.0``, ``head``.

A prefix ends where a name's part ends: ``stage1`` is the beginning of ``stage1.0.weight``, and of ``stage10.weight`` it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from whynet.errors import OptionError, RecipeError, nearest
from whynet.registry import Range, check
from whynet.spec import Spec, parse_value
from whynet.text import Text, plain


class Prefixes(tuple[str, ...]):
    """Parts of a network in the order given; written ``stem, stage1``."""

    __slots__ = ()

    def __str__(self) -> str:
        return ", ".join(self) or "none"


class Rates(Mapping[str, float]):
    """How much of the learning rate each part is given; written ``stem=0.1, head=1``. The longest prefix of a name counts."""

    __slots__ = ("_of",)

    def __init__(self, of: Mapping[str, float] | None = None) -> None:
        self._of = dict(of or {})

    def __getitem__(self, prefix: str) -> float:
        return self._of[prefix]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def __hash__(self) -> int:
        return hash(frozenset(self._of.items()))

    def __str__(self) -> str:
        return ", ".join(f"{prefix}={rate:g}" for prefix, rate in self._of.items()) or "none"

    def __repr__(self) -> str:
        return f"Rates({self._of})"


NOTHING, EQUAL = Prefixes(), Rates()


def read_prefixes(value: Any) -> Prefixes:
    """Of a list, or of text with commas: ``stem, stage1``. Raises `OptionError`."""
    value = _plain(value)
    if value is None:
        return NOTHING
    entries = value.split(",") if isinstance(value, str) else value
    if not isinstance(entries, Sequence):
        raise OptionError(_NOT_PREFIXES, received=value)
    names = [str(entry).strip() if isinstance(entry, str | Spec) else "" for entry in entries]
    if not all(map(_is_prefix, names)):
        raise OptionError(_NOT_PREFIXES, received=value)
    return Prefixes(dict.fromkeys(names))


def read_rates(value: Any) -> Rates:
    """Of a mapping, or of text: ``stem=0.1, head=1``; None leaves a part out. Raises `OptionError`."""
    value = _plain(value)
    if value is None:
        return EQUAL
    if isinstance(value, str):
        parts = [part.partition("=") for part in value.split(",")]
        if not all(equals for _, equals, _ in parts):
            raise OptionError(_NOT_RATES, received=value)
        pairs = [(name.strip(), parse_value(rate.strip())) for name, _, rate in parts]
        value = dict(pairs)
        if len(value) < len(pairs):
            raise OptionError(_NOT_RATES, received=", ".join(f"{name}={rate}" for name, rate in pairs))
    if not isinstance(value, Mapping) or not all(isinstance(name, str) and _is_prefix(name) for name in value):
        raise OptionError(_NOT_RATES, received=value)
    hint = Annotated[float, Range(least=0, below=float("inf"))]
    return Rates({name: check(f"rates: {name}", hint, rate) for name, rate in value.items() if rate is not None})


def _plain(value: Any) -> Any:
    """What was typed without brackets; nothing where nothing was meant."""
    if isinstance(value, Spec) and not value.options and not value.args:
        value = value.name
    if isinstance(value, str):
        value = value.strip()
        value = value[1:-1] if value[:1] + value[-1:] == "[]" else value
    return None if value in ("", "none", "None", None) else value


def _is_prefix(name: str) -> bool:
    return bool(name) and all(part and not set(part) & set(" =,") for part in name.split("."))


def begins(name: str, prefix: str) -> bool:
    """Whether a name is the prefix, or goes on after it with a dot."""
    return name == prefix or name.startswith(prefix + ".")


def freeze(module: nn.Module, prefixes: Iterable[str]) -> None:
    """Let the parameters that begin so be trained no more, in place. Raises `RecipeError` for a prefix of none."""
    named = dict(module.named_parameters(remove_duplicate=False))
    for prefix in prefixes:
        for name in within(prefix, named, "freeze"):
            named[name].requires_grad_(False)


def still(module: nn.Module, prefixes: Iterable[str]) -> list[nn.Module]:
    """The modules inside those parts, which stay as in use while the rest trains: running statistics do not drift, nothing drops."""
    own = tuple(prefixes)
    return [child for name, child in module.named_modules() if any(begins(name, prefix) for prefix in own)]


def factors(names: Sequence[str], sizes: Sequence[int], rates: Mapping[str, float], every: Iterable[str]) -> Tensor:
    """The factor of each weight, (P,): names of the trained parameters with their sizes; 1 where no prefix fits.

    ``every``: all parameters' names, the frozen ones too. Raises `RecipeError` for a prefix of none.
    """
    known = list(every)
    for prefix in rates:
        within(prefix, known, "rates")
    own = [[prefix for prefix in rates if begins(name, prefix)] for name in names]
    values = [rates[max(fitting, key=len)] if fitting else 1.0 for fitting in own]
    return torch.tensor(values).repeat_interleave(torch.tensor(list(sizes)))


def within(prefix: str, names: Iterable[str], setting: str) -> list[str]:
    """The names that begin with it. Raises `RecipeError`, with the nearest prefixes, where there is none."""
    known = list(names)
    found = [name for name in known if begins(name, prefix)]
    if not found:
        raise RecipeError(_NO_PART, setting=plain(setting), prefix=prefix, near=nearest(prefix, _near(prefix, known)))
    return found


def _near(prefix: str, names: Sequence[str]) -> set[str]:
    """The prefixes that may have been meant: of as many parts as the one given."""
    depth = prefix.count(".") + 1
    return {".".join(name.split(".")[:depth]) for name in names}


_NOT_PREFIXES = Text(
    "freeze: expected names of parts of the network, such as [stem, stage1]. Received: {received!r}",
    "freeze: 네트워크 부분의 이름이어야 한다. 예: [stem, stage1]. 받은 것: {received!r}",
)
_NOT_RATES = Text(
    "rates: expected a factor of the learning rate for each part of the network, such as stem=0.1, head=1. Received: {received!r}",
    "rates: 네트워크의 부분마다 학습률(learning rate)에 곱할 수를 쓴다. 예: stem=0.1, head=1. 받은 것: {received!r}",
)
_NO_PART = Text(
    "{setting}: no parameter's name begins with {prefix!r}. {near}",
    "{setting}: {prefix!r:로} 시작하는 파라미터 이름이 없다. {near}",
)
