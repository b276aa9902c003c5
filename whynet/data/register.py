"""Registering a data set: a function from its own options to raw examples becomes one that gives a split, scaled data set.

    @data_set(en="Flowers measured in centimetres.", ko="…", task="classify", scale="standard", year=1936)
    def iris() -> Source: ...

The registered function takes ``seed``, the own options and the common ones (`Options`). The raw examples depend on the own
options alone and are remembered, so that seeds and folds share one pool.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Hashable
from dataclasses import fields
from typing import Any, Literal, get_type_hints

from torch import Tensor

from whynet.data.build import build
from whynet.data.cache import Cache
from whynet.data.dataset import Dataset
from whynet.data.options import Options, Scale, Targets
from whynet.data.source import Source
from whynet.registry import register
from whynet.spec import Spec
from whynet.task import TaskKind

Needs = Literal["nothing", "files", "path"]  # embedded; found or downloaded by name; named by the user
Stamp = Callable[[dict[str, Any]], Hashable]  # options → what changes when the files behind them change


def data_set(
    *,
    en: str,
    ko: str,
    task: TaskKind | None = None,
    scale: Scale = "none",
    targets: Targets | None = "raw",
    name: str | None = None,
    year: int | None = None,
    source: str = "",
    needs: Needs = "nothing",
    stamp: Stamp | None = None,
) -> Callable[[Callable[..., Source]], Callable[..., Dataset]]:
    """Register a data set by the function that reads or draws its raw examples. ``scale`` and ``targets`` are its defaults."""

    def decorate(raw: Callable[..., Source]) -> Callable[..., Dataset]:
        own_name = name or raw.__name__
        own = inspect.signature(raw).parameters
        defaults = {field.name: field.default for field in fields(Options)} | {"scale": scale, "targets": targets}

        def make(*args: Any, **options: Any) -> Dataset:
            given = signature.bind(*args, **options)
            given.apply_defaults()
            mine = {key: given.arguments[key] for key in own}
            common = Options(**{key: given.arguments[key] for key in defaults})
            key = (str(Spec(own_name, mine)), environment(), stamp(mine) if stamp else None)
            return build(_sources.get(key, lambda: raw(**mine)), own_name, given.arguments["seed"], common)

        kind = inspect.Parameter.KEYWORD_ONLY
        hints = get_type_hints(raw, include_extras=True) | get_type_hints(Options, include_extras=True) | {"seed": int}
        extra = [inspect.Parameter("seed", kind, default=0)]
        extra += [inspect.Parameter(key, kind, default=default) for key, default in defaults.items()]
        both = [*own.values(), *extra]
        signature = inspect.Signature([p.replace(annotation=hints[p.name]) for p in both], return_annotation=Dataset)
        make.__name__, make.__qualname__, make.__module__, make.__doc__ = own_name, own_name, raw.__module__, raw.__doc__
        make.__annotations__ = {**{p.name: hints[p.name] for p in both}, "return": Dataset}
        make.__signature__ = signature  # type: ignore[attr-defined]
        accepts = (task,) if task else ("classify", "regress")
        register(
            "data", en=en, ko=ko, name=own_name, year=year, source=source, accepts=accepts, needs=needs, stamp=stamp or _unmoved
        )(make)
        return make

    return decorate


def environment() -> str:
    """The folders in which data sets are looked for: another folder may hold other files."""
    return os.environ.get("WHYNET_DATA", "")


def _unmoved(options: dict[str, Any]) -> Hashable:
    return None


def _tensors(source: Source) -> list[Tensor]:
    return [tensor for tensor in (source.x, source.y) if isinstance(tensor, Tensor)]


_sources: Cache[Source] = Cache(2 << 30, _tensors)
