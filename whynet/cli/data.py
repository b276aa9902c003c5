"""``whynet data``: the data sets that are known by name."""

from __future__ import annotations

from typing import Annotated

from whynet.cli.listing import show
from whynet.cli.verb import argument, verb


@verb(
    "List the data sets, or show one in detail.",
    "데이터셋 목록을 보거나 하나를 자세히 본다.",
    place=50,
    examples=["whynet data", "whynet data digits"],
)
def data(name: Annotated[str | None, argument("one of them", "그중 하나의 이름")] = None) -> int | None:
    """Print the list or the details."""
    import whynet.data  # noqa: F401  registers them

    show("data", name, "whynet look {}", "whynet data digits")
    return None
