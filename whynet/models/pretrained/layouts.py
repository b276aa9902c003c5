"""Every known layout, and the one that a file has."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from whynet.models.pretrained.layout import Layout


@cache
def layouts() -> tuple[Layout, ...]:
    """Those of every file of this folder."""
    package = __name__.rpartition(".")[0]
    found = [importlib.import_module(f"{package}.{one.name}") for one in pkgutil.iter_modules([str(Path(__file__).parent)])]
    return tuple(layout for module in found for layout in getattr(module, "LAYOUTS", ()))


def recognise(names: Iterable[str]) -> Layout | None:
    """The layout of a file with these names; None where it is none of these."""
    own = set(names)
    return next((layout for layout in layouts() if layout.fits(own)), None)
