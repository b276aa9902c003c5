"""``whynet models``: the models that are known by name."""

from __future__ import annotations

from typing import Annotated

from whynet.cli.listing import show
from whynet.cli.verb import argument, verb


@verb(
    "List the models, or show one in detail.",
    "모델 목록을 보거나 하나를 자세히 본다.",
    place=51,
    examples=["whynet models", "whynet models mlp"],
)
def models(name: Annotated[str | None, argument("one of them", "그중 하나의 이름")] = None) -> int | None:
    """Print the list or the details."""
    import whynet.models  # noqa: F401  registers them

    show("model", name, "whynet describe {}", "whynet models mlp")
    return None
