"""``whynet optimizers``: the optimizers that are known by name."""

from __future__ import annotations

from typing import Annotated

from whynet.cli.listing import show
from whynet.cli.verb import argument, verb


@verb(
    "List the optimizers, or show one in detail.",
    "옵티마이저(optimizer) 목록을 보거나 하나를 자세히 본다.",
    place=53,
    examples=["whynet optimizers", "whynet optimizers adam"],
)
def optimizers(name: Annotated[str | None, argument("one of them", "그중 하나의 이름")] = None) -> int | None:
    """Print the list or the details."""
    import whynet.optimizers  # noqa: F401  registers them

    show("optimizer", name, "whynet fit digits mlp --optimizer {}", "whynet optimizers adam")
    return None
