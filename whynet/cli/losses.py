"""``whynet losses``: the losses that are known by name."""

from __future__ import annotations

from typing import Annotated

from whynet.cli.listing import show
from whynet.cli.verb import argument, verb


@verb(
    "List the losses, or show one in detail.",
    "손실 함수(loss) 목록을 보거나 하나를 자세히 본다.",
    place=52,
    examples=["whynet losses", "whynet losses mse"],
)
def losses(name: Annotated[str | None, argument("one of them", "그중 하나의 이름")] = None) -> int | None:
    """Print the list or the details."""
    import whynet.losses  # noqa: F401  registers them

    show("loss", name, "whynet fit digits mlp --loss {}", "whynet losses mse")
    return None
