"""What every part of a network puts out, by name.

>>> from whynet.models.build import build
>>> seen = features(build("lenet5", (1, 28, 28), 10), torch.zeros(2, 1, 28, 28), "conv*")
>>> {name: tuple(output.shape) for name, output in seen.items()}
{'conv1': (2, 6, 28, 28), 'conv2': (2, 16, 10, 10)}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call

from whynet.errors import UnknownNameError, nearest
from whynet.models.describe import tensors_in
from whynet.models.modes import evaluating
from whynet.text import Text


class Trained(Protocol):
    """What holds a network: a kept run, or what `fit` returned."""

    @property
    def module(self) -> nn.Module: ...


def features(model: nn.Module | Trained, x: Tensor, names: str | Sequence[str] | None = None) -> dict[str, Tensor]:
    """The output of every named submodule for the examples ``x`` (B, *inputs), in the order in which they ran.

    ``names`` picks some: a whole name (``"head"``), a pattern (``"stage?.*.conv1"``), or the beginning of names (``"stage1."``).
    A module that runs again is called ``name#2``; the second tensor of one that returns several ``name[1]``. It runs as in use
    (evaluation mode), without gradients unless ``x`` asks for them, and is left as it was: weights, buffers, mode, hooks. What is
    returned stays what it was even where a later module works in place. Raises `UnknownNameError` with the nearest names, or
    where a module asked for by its whole name does not run.
    """
    module = network_of(model)
    wanted = choose(module, names)
    found: dict[str, Tensor] = {}
    runs: Counter[str] = Counter()

    def keep(name: str) -> Callable[..., Any]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            runs[name] += 1
            label = name if runs[name] == 1 else f"{name}#{runs[name]}"
            if isinstance(output, Tensor):
                found[label] = output
                return output.clone()  # goes on in its place: what follows may write into it
            for i, tensor in enumerate(tensors_in(output)):
                found[f"{label}[{i}]" if i else label] = tensor.clone()
            return None

        return hook

    children = dict(module.named_modules(remove_duplicate=False))
    with _hooked([children[name].register_forward_hook(keep(name)) for name in wanted]):
        run(module, x)
    for name in [names] if isinstance(names, str) else names or ():
        if name in children and name not in found:
            raise UnknownNameError(_DID_NOT_RUN, name=name)
    return found


def entering(model: nn.Module | Trained, x: Tensor, name: str = "head") -> Tensor:
    """What enters a named submodule when the examples ``x`` run: before ``head``, the embedding that the classifier reads.

    Raises `UnknownNameError` for a name that is none, or of a module that does not run.
    """
    module = network_of(model)
    children = dict(module.named_modules(remove_duplicate=False))
    if name not in children:
        raise UnknownNameError(_UNKNOWN, name=name, near=near_names(name, children))
    found: list[Tensor] = []
    with _hooked(
        [children[name].register_forward_pre_hook(lambda _, inputs: found.extend(t.clone() for t in tensors_in(inputs)))]
    ):
        run(module, x)
    if not found:
        raise UnknownNameError(_DID_NOT_RUN, name=name)
    return found[0]


def network_of(model: nn.Module | Trained) -> nn.Module:
    """The network itself, of whatever holds one."""
    return model if isinstance(model, nn.Module) else model.module


def choose(module: nn.Module, names: str | Sequence[str] | None) -> list[str]:
    """The names of submodules that whole names, patterns and beginnings pick; all of them for None. Raises `UnknownNameError`."""
    if names is None:
        return [name for name, _ in module.named_modules() if name]
    known = [name for name, _ in module.named_modules(remove_duplicate=False) if name]
    chosen: dict[str, None] = {}
    for asked in [names] if isinstance(names, str) else names:
        some = [asked] if asked in known else [own for own in known if fnmatchcase(own, asked)]
        some = some or [own for own in known if asked and own.startswith(asked)]
        if not some:
            raise UnknownNameError(_UNKNOWN, name=asked, near=near_names(asked, known))
        chosen |= dict.fromkeys(some)
    return list(chosen)


def near_names(name: str, known: Iterable[str]) -> Text:
    """A sentence that offers the names of parts nearest to a mistyped one, or the outermost parts where none is near."""
    parts = [own for own in known if own]
    return nearest(name, parts if get_close_matches(name, parts, 1, 0.5) else {own.partition(".")[0] for own in parts})


def run(module: nn.Module, x: Tensor) -> Any:
    """One pass as in use that changes nothing: running averages are copied, random streams restored."""
    first = next(iter([*module.parameters(), *module.buffers()]), None)
    x = x.clone() if first is None else x.to(first.device, copy=True)  # a first layer that works in place gets the copy
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    with evaluating(module), torch.random.fork_rng(devices=[]), nullcontext() if x.requires_grad else torch.no_grad():
        return functional_call(module, buffers, (x,))


@contextmanager
def _hooked(handles: list[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


_UNKNOWN = Text("The network has no part named {name!r}. {near}", "네트워크에 이름이 {name!r}인 부분이 없다. {near}")
_DID_NOT_RUN = Text(
    "{name} puts nothing out by itself when the network runs: it holds others, or is not used. "
    "For the parts inside it ask for {name}.* instead.",
    "{name:은} 네트워크가 돌 때 스스로 내놓는 것이 없다. 다른 부분을 담고만 있거나 쓰이지 않는다. "
    "안에 있는 부분을 보려면 {name}.*로 적는다.",
)
