"""The weights that trainings began with, kept beside them: the file they came from may be moved, changed or deleted later."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from whynet.models.pretrained.reading import read, standing_in
from whynet.recipe import Recipe
from whynet.runs.files import write_tensors
from whynet.runs.trouble import speaking


def keep_beginnings(recipes: Iterable[Recipe], folder: Path) -> None:
    """Copy each file of weights that the recipes name into a folder, where it is not there yet. Raises `WeightsError`, `StoreError`."""
    for path in {recipe.pretrained for recipe in recipes if recipe.pretrained}:
        copy = _copy(path, folder)
        if not copy.exists():
            weights = read(path)
            with speaking(folder):
                write_tensors(copy, weights)


def as_begun(recipes: Iterable[Recipe], folder: Path) -> AbstractContextManager[None]:
    """Inside the block the files that the recipes name are read from their copies in the folder, as far as these are there."""
    paths = {recipe.pretrained for recipe in recipes if recipe.pretrained}
    return standing_in({path: _copy(path, folder) for path in paths if _copy(path, folder).exists()})


def _copy(path: str, folder: Path) -> Path:
    return folder / f"pretrained-{zlib.crc32(path.encode()):08x}.safetensors"
