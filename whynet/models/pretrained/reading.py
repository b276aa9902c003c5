"""A file of weights, read: safetensors, or a state dict as torch saves it."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from whynet.errors import WeightsError, nearest
from whynet.text import Text

Weights = dict[str, Tensor]

TORCH = frozenset({".pt", ".pth", ".bin", ".ckpt"})
WRAPPERS = ("state_dict", "model_state_dict", "model")  # under which training scripts save the weights beside other things

_copies: ContextVar[Mapping[str, Path]] = ContextVar("copies", default={})  # noqa: B039  never written to


@contextmanager
def standing_in(copies: Mapping[str, Path]) -> Iterator[None]:
    """Inside the block each of these paths is read from its copy, whether or not the file is still there."""
    token = _copies.set({**_copies.get(), **copies})
    try:
        yield
    finally:
        _copies.reset(token)


def read(path: str | Path) -> Weights:
    """The tensors of a file by name, on the CPU. Nothing in it is run.

    Raises `WeightsError` where it is gone, damaged, of another kind, or holds other things than tensors.
    """
    path = _copies.get().get(str(path), Path(path))
    if not path.is_file():
        raise WeightsError(_GONE, path=path, near=_near(path))
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError, ValueError) as error:
            raise WeightsError(_DAMAGED, path=path, error=_first_line(error)) from error
    if path.suffix not in TORCH:
        raise WeightsError(_OTHER_KIND, path=path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's remarks on how a file was pickled; what counts is what is in it
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(_NOT_WEIGHTS_ALONE, path=path) from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        raise WeightsError(_DAMAGED, path=path, error=_first_line(error)) from error
    return _state_dict(content, path)


def _state_dict(content: Any, path: Path) -> Weights:
    """The tensors in what a training script saved: a state dict, or one beside its epoch and its optimizer."""
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content or not all(isinstance(value, Tensor) for value in content.values()):
        raise WeightsError(_NOT_A_STATE_DICT, path=path, received=_words(content))
    return {str(name): value.detach() for name, value in content.items()}


def _words(content: Any) -> str:
    if not isinstance(content, Mapping):
        return type(content).__name__
    entries = [f"{name}: {type(value).__name__}" for name, value in list(content.items())[:5]]
    return "{" + ", ".join(entries) + (", …" if len(content) > len(entries) else "") + "}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _near(path: Path) -> Text:
    """The files of weights beside it."""
    beside = [one.name for one in path.parent.glob("*") if one.suffix in TORCH | {".safetensors"}]
    return nearest(path.name, beside[:100]) if beside else _NONE_THERE


_NONE_THERE = Text("There is no file of weights in that folder.", "그 폴더에는 가중치 파일이 없다.")
_GONE = Text(
    "There is no file of weights at {path}. {near}",
    "{path}에 가중치 파일이 없다. {near}",
)
_DAMAGED = Text(
    "The weights in {path} are damaged: {error}",
    "{path}의 가중치 파일이 손상되었다: {error}",
)
_OTHER_KIND = Text(
    "Expected weights as .safetensors, or as a state dict that torch saved: .pt, .pth, .bin. Received: {path}",
    "가중치 파일은 .safetensors이거나 torch로 저장한 state dict(.pt, .pth, .bin)여야 한다. 받은 것: {path}",
)
_NOT_WEIGHTS_ALONE = Text(
    "{path} holds Python objects beside tensors, which would have to be run to be read. "
    "Save the weights alone: torch.save(module.state_dict(), path)",
    "{path}에는 텐서 말고도 파이썬 객체가 들어 있어, 읽으려면 그 코드를 실행해야 한다. "
    "가중치만 저장한다: torch.save(module.state_dict(), path)",
)
_NOT_A_STATE_DICT = Text(
    "Expected tensors by name in {path}, as torch.save(module.state_dict(), path) writes them. Received: {received}",
    "{path}에는 torch.save(module.state_dict(), path)가 쓰는 대로 이름마다 텐서가 있어야 한다. 받은 것: {received}",
)
