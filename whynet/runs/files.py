"""Files that are there whole or not at all, and tensors in them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from whynet.errors import StoreError
from whynet.runs.trouble import speaking
from whynet.text import Text


def write(path: Path, content: bytes) -> None:
    """Write a file such that a reader, at any moment and after a power cut, finds the old one, or the whole new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(draft, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any] | None = None) -> None:
    """Tensors by name, and numbers that belong to them, as one safetensors file."""
    own = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}  # no two may share memory
    write(path, save(own, {"numbers": json.dumps(numbers or {})}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote. Raises `StoreError` where the file is gone or damaged."""
    if not path.exists():
        raise StoreError(_GONE, path=path)
    try:
        with speaking(path), safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["numbers"])  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise StoreError(_DAMAGED, path=path, error=str(error)) from error


def _sync_folder(folder: Path) -> None:
    """Make a renaming survive a power cut; a system on which folders cannot be opened does so by itself."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_GONE = Text(
    "The weights that should be in {path} are gone: the file was deleted or moved.",
    "{path}에 있어야 할 가중치 파일이 없다. 지워졌거나 옮겨졌다.",
)
_DAMAGED = Text(
    "The weights in {path} are damaged: {error}",
    "{path}의 가중치 파일이 손상되었다: {error}",
)
