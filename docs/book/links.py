"""A hook of mkdocs: the switch between the languages leads to the same page, not to the first one."""

from __future__ import annotations

import re
from typing import Any

_ALTERNATE = re.compile(r'href="[^"]*" hreflang="(\w+)"')


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Both languages have the same pages, in folders side by side."""
    up = "../" * (page.url.count("/") + 1)
    return _ALTERNATE.sub(lambda found: f'href="{up}{found[1]}/{page.url}" hreflang="{found[1]}"', output)
