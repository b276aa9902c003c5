"""Weights from a file into a network.

The names are the network's own, or those of a library whose layout is known; which of the two is seen from the names. The last layer
may be left as it was initialised, where the file has other classes or no last layer; all else has to be there and to fit.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from whynet.errors import WeightsError
from whynet.models.pretrained.layout import Layout
from whynet.models.pretrained.layouts import recognise
from whynet.models.pretrained.reading import Weights, read
from whynet.models.stages import begins
from whynet.text import Text, join, plain

WRAPPED = "module."  # how names begin that were saved from torch's DataParallel
UNSAID = ("num_batches_tracked",)  # counters that older files lack and nothing depends on
SHOWN = 3  # names of each kind that an error tells


def begin_with(path: str | Path, module: nn.Module) -> list[Text]:
    """Give a module the weights of a file, in place; what to know of it, such as that its head begins as initialised.

    Raises `WeightsError` where the file cannot be read, or holds the weights of another network.
    """
    return fill(module, read(path), str(path))


def fill(module: nn.Module, weights: Mapping[str, Tensor], source: str = "weights") -> list[Text]:
    """Give a module weights by name, in place. Raises `WeightsError`."""
    own = {name: value for name, value in module.state_dict().items() if isinstance(value, Tensor)}
    weights = _unwrapped(weights)
    layout = None if weights.keys() == own.keys() else recognise(weights)
    if layout and _alike(weights, own) and not _alike(layout.translate(weights)[0], own):
        layout = None  # a module of the user's own that calls its weights as that library does
    given, origin = layout.translate(weights) if layout else (dict(weights), {name: name for name in weights})
    if layout and not _alike(given, own):
        raise WeightsError(_OTHER_FAMILY, source=source, layout=str(layout), ours=type(module).__name__, some=_some(own))
    for name in {name for name, _ in module.named_buffers()} - own.keys():  # tables that a module makes for itself
        given.pop(name, None)
    head = head_of(module)
    notes = _leave_head(given, own, head, source) if head else []
    expected = {name: value for name, value in own.items() if not (notes and begins(name, head))}
    _check(given, expected, origin, layout, source)
    with torch.no_grad():
        for name, value in given.items():
            own[name].copy_(value)
    return notes


def head_of(module: nn.Module) -> str:
    """The name of the last layer: ``head`` where there is one, else the last module that has a matrix; empty where none has."""
    if isinstance(getattr(module, "head", None), nn.Module):
        return "head"
    layers = [name for name, child in module.named_modules() if any(p.ndim >= 2 for p in child.parameters(recurse=False))]
    return layers[-1] if layers else ""


def _leave_head(given: Weights, own: Mapping[str, Tensor], head: str, source: str) -> list[Text]:
    """Take the last layer out of what is given where it is of other classes; a note where it is left as initialised."""
    ours = {name: value for name, value in own.items() if begins(name, head)}
    theirs = {name: value for name, value in given.items() if begins(name, head)}
    if not theirs:
        return [_NO_HEAD.fill(source=Path(source).name, head=head)]
    if theirs.keys() != ours.keys() or any(theirs[name].shape[1:] != value.shape[1:] for name, value in ours.items()):
        return []
    counts = {(len(theirs[name]), len(value)) for name, value in ours.items() if value.ndim}
    if len(counts) != 1 or not all(there != here for there, here in counts):
        return []
    for name in theirs:
        del given[name]
    [(there, here)] = counts
    return [_OTHER_CLASSES.fill(source=Path(source).name, head=head, theirs=there, ours=here)]


def _check(
    given: Weights, expected: Mapping[str, Tensor], origin: Mapping[str, str], layout: Layout | None, source: str
) -> None:
    """Raises `WeightsError` with every kind of misfit that there is."""
    wrong = []
    unknown = [name for name in given if name not in expected]
    there = {expected[name].data_ptr() for name in given if name in expected}  # one weight may have several names
    missing = [
        name
        for name, value in expected.items()
        if name not in given and not name.endswith(UNSAID) and (value.data_ptr() not in there or not value.numel())
    ]
    if unknown:
        said = [f"{origin[name]}{_nearest(name, missing or list(expected))}" for name in unknown[:SHOWN]]
        wrong.append(_UNKNOWN.fill(n=len(unknown), names=_listed(said, len(unknown))))
    if missing:
        wrong.append(_MISSING.fill(n=len(missing), names=_listed(missing[:SHOWN], len(missing))))
    unfit = [name for name in given if name in expected and given[name].shape != expected[name].shape]
    if unfit:
        said = [f"{name} {_shape(given[name])} → {_shape(expected[name])}" for name in unfit[:SHOWN]]
        wrong.append(_SHAPES.fill(n=len(unfit), names=_listed(said, len(unfit))))
    if wrong:
        read_as = _READ_AS.fill(layout=str(layout)) if layout else plain("")
        raise WeightsError(_UNFIT, source=source, read_as=read_as, wrong=join(wrong))


def _unwrapped(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if weights and all(name.startswith(WRAPPED) for name in weights):
        return {name.removeprefix(WRAPPED): value for name, value in weights.items()}
    return dict(weights)


def _alike(given: Iterable[str], own: Iterable[str]) -> bool:
    """Whether at least half of the names, of either side, are names of the other."""
    theirs, ours = set(given), set(own)
    return 2 * len(theirs & ours) >= min(len(theirs), len(ours)) > 0


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (≈ {near[0]})" if near else ""


def _listed(said: list[str], count: int) -> str:
    return ", ".join(said) + (", …" if count > len(said) else "")


def _some(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:SHOWN])


def _shape(value: Tensor) -> str:
    return "×".join(map(str, value.shape)) or "()"


_OTHER_CLASSES = Text(
    "{source} is for {theirs} classes and the task has {ours}: {head} begins as initialised, all else with the file's weights.",
    "{source:은} 클래스가 {theirs}개이고 이 과제는 {ours}개다. {head:은} 초기화한 대로, 나머지는 파일의 가중치로 시작한다.",
)
_NO_HEAD = Text(
    "{source} has no weights for {head}, which begins as initialised; all else begins with the file's weights.",
    "{source}에는 {head}의 가중치가 없어 초기화한 대로, 나머지는 파일의 가중치로 시작한다.",
)
_OTHER_FAMILY = Text(
    "The weights in {source} are those of {layout}, and the model is {ours}, whose weights are called {some}, …. "
    "Choose that model, or weights for this one.",
    "{source}의 가중치는 {layout}의 것인데 모델은 {ours:이다}. 이 모델의 가중치 이름은 {some}, … 이다. "
    "모델을 바꾸거나 이 모델의 가중치를 쓴다.",
)
_UNFIT = Text(
    "The weights in {source} do not fit the model{read_as}. {wrong} Is it the same variant: depth, width, size of the pictures?",
    "{source}의 가중치가 모델에 맞지 않는다{read_as}. {wrong} 깊이, 너비, 그림 크기가 같은 변형인지 확인한다.",
)
_READ_AS = Text(", read as {layout}", "({layout:으로} 읽음)")
_UNKNOWN = Text("Unknown to the model, {n}: {names}.", "모델에 없는 이름 {n}개: {names}.")
_MISSING = Text("Missing in the file, {n}: {names}.", "파일에 없는 이름 {n}개: {names}.")
_SHAPES = Text("Of another shape, file → model, {n}: {names}.", "모양이 다른 것(파일 → 모델) {n}개: {names}.")
