"""What is measured on a watched step of a user's loop: gradients, weights, updates, activations."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor

from whynet.doctor.loop import Loop

TAKEN = 64  # values of an example that its fingerprint is made of
UNITS = 256  # of a layer that its spread is taken over
ALIGNED = 16  # watched steps for which the direction of the update is compared with the gradient


WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
FACTORS = (
    np.random.default_rng(0).integers(1, 2**63, TAKEN, dtype=np.uint64) * 2 + 1
)  # a universal hash: random odd factors, mod 2⁶⁴


class Measuring:
    """Reads what torch has computed anyway, and keeps a few numbers of it."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.weights: list[Tensor] = []  # before the step
        self.gradients: list[Tensor] = []
        self.names: list[str] = []
        self.compared = False
        self.late = False  # the gradient is known only after the step, whose closure computes it

    def activation(self, layer: str, output: Any) -> None:
        """Spread over the examples and share of zeros of a layer's output (B, …)."""
        self.loop.called.add(layer)
        if not isinstance(output, Tensor) or not output.is_floating_point() or output.ndim < 2 or output.shape[0] < 2:
            return
        with torch.no_grad():
            flat = output.detach().flatten(1)
            spread = float(flat[:, :: -(-flat.shape[1] // UNITS)].float().std(dim=0).mean())
            self.loop.measure("activation_spread", layer, spread)

    @torch.no_grad()
    def before(self, optimizer: torch.optim.Optimizer, by_closure: bool) -> None:
        """Just before the step: who has a gradient, how long it is, and where the weights stand."""
        loop = self.loop
        mine = [(loop.names[id(p)], p) for g in optimizer.param_groups for p in g["params"] if id(p) in loop.names]
        self.names = [name for name, _ in mine]
        self.weights = [p.detach().clone() for _, p in mine]
        self.late = by_closure and not isinstance(optimizer, torch.optim.LBFGS)  # any other runs its closure once
        self.compared = (not by_closure or self.late) and not loop.carried and len(loop.along) < ALIGNED
        if not by_closure:
            self._grades(mine)
        self.compared = self.compared and not any(p.grad is not None and p.grad.is_sparse for _, p in mine)
        if self.compared and not self.late:
            self.gradients = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for _, p in mine]
        loop.maximizes = loop.maximizes or any(group.get("maximize", False) for group in optimizer.param_groups)

    @torch.no_grad()
    def after(self, optimizer: torch.optim.Optimizer) -> None:
        """Just after the step: how far the weights moved, and whether along the gradient or against it."""
        loop = self.loop
        mine = {loop.names[id(p)]: p for g in optimizer.param_groups for p in g["params"] if id(p) in loop.names}
        if not self.names or list(mine) != self.names:
            return
        if self.late or (not self.compared and not loop.watched_grades):
            self._grades(list(mine.items()))
        updates = torch._foreach_sub([p.detach() for p in mine.values()], self.weights)
        moved = torch.stack(torch._foreach_norm(updates)).tolist()
        lengths = torch.stack(torch._foreach_norm(self.weights)).tolist()
        for name, step, length in zip(mine, moved, lengths, strict=True):
            if name.endswith("weight") or "." not in name:
                loop.measure("weight_norm", name, length)
                if length > 0:
                    loop.measure("update_ratio", name, step / length)
        if self.late and self.compared:
            self.compared = all(p.grad is None or not p.grad.is_sparse for p in mine.values())
            self.gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in mine.values()]
        if self.compared:
            inner = sum(float((u * g).sum()) for u, g in zip(updates, self.gradients, strict=True))
            sizes = [float(torch.stack(torch._foreach_norm(many)).norm()) for many in (updates, self.gradients)]
            if min(sizes) > 0:
                loop.along.append(inner / (sizes[0] * sizes[1]))
        self.forget()

    def forget(self) -> None:
        """Hold on to nothing."""
        self.weights, self.gradients, self.names = [], [], []

    def _grades(self, mine: list[tuple[str, torch.nn.Parameter]]) -> None:
        loop = self.loop
        loop.watched_grades += 1
        loop.graded.update(name for name, p in loop.module.named_parameters() if p.grad is not None)
        graded = [(name, p.grad) for name, p in mine if p.grad is not None and not p.grad.is_sparse]
        if graded:
            norms = torch.stack(torch._foreach_norm([g for _, g in graded])).tolist()
            for (name, _), norm in zip(graded, norms, strict=True):
                loop.measure("gradient_norm", name, norm)


@torch.no_grad()
def fingerprints(x: Tensor) -> tuple[int, ...]:
    """One number per example of (B, …), equal for equal examples; none where an example holds too few values to tell them apart."""
    if x.ndim < 2 or x.shape[0] == 0 or x.is_complex() or x.is_sparse or x.is_nested:
        return ()
    flat = x.detach().reshape(len(x), -1)
    if flat.shape[1] < 4:
        return ()
    some = flat[:, :: -(-flat.shape[1] // TAKEN)]
    if some.dtype is torch.bfloat16:
        some = some.float()
    raw = np.ascontiguousarray(some.cpu().numpy())
    words = raw.view(WORDS[raw.dtype.itemsize])  # the bits as they are
    return tuple((words.astype(np.uint64) * FACTORS[: words.shape[1]]).sum(axis=1).tolist())


def code_place() -> str:
    """The line of the user's code that is being run: the nearest caller outside of whynet and of all that is installed beside torch."""
    inside = (os.path.dirname(os.path.dirname(torch.__file__)), os.path.dirname(os.path.dirname(__file__)))
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(inside):
        if frame.f_back is None:
            return ""
        frame = frame.f_back
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
