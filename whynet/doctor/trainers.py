"""The callback classes of trainers that whynet does not depend on, imported when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from whynet.errors import MissingExtraError
from whynet.text import Text


def lightning_base() -> Any:
    """``Callback`` of lightning, or of pytorch_lightning. Raises `MissingExtraError` where neither is installed."""
    return _first(("lightning.pytorch", "pytorch_lightning"), "Callback", "lightning")


def trainer_base() -> Any:
    """``TrainerCallback`` of transformers. Raises `MissingExtraError` where it is not installed."""
    return _first(("transformers",), "TrainerCallback", "transformers")


def _first(modules: tuple[str, ...], name: str, package: str) -> Any:
    for module in modules:
        try:
            return getattr(import_module(module), name)
        except ModuleNotFoundError:
            continue
    raise MissingExtraError(_MISSING, name=name, package=package)


_MISSING = Text(
    "This callback is a {name} of {package}, which is not installed: pip install {package}. Around a loop of your own: "
    "with whynet.watch(model, optimizer).",
    "이 콜백은 {package}의 {name:을} 쓰는데 {package:이} 설치되어 있지 않다: pip install {package}. 직접 쓴 루프라면 "
    "with whynet.watch(model, optimizer)를 쓴다.",
)
