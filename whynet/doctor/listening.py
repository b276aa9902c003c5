"""Listens to a user's training loop without touching it: nothing is registered on the user's model or optimizer."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from whynet.doctor.loop import MOST_EXAMPLES, Judged, Loop, LossCall, Operation, OutputFacts, hold, looks_like_distribution
from whynet.doctor.measuring import Measuring, code_place, fingerprints
from whynet.doctor.own_loss import losses_behind, own_loss
from whynet.doctor.recording import Recorded, copied, which
from whynet.doctor.tracing import KEPT, Again, Following, Told, last_operation, switch_off, switch_on, tensors

Hook = TypeVar("Hook", bound=Callable[..., None])

DENSE = 8  # every one of the first steps is watched
BESIDE = (
    "label",
    "target",
    "attention_mask",
    "token_type",
    "position",
    "num_items",
    "return_",
)  # given by name beside the inputs
GROWTH = 1.5  # from there on, the next watched step is so many times as far


def _has_closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the step runs the loop's own forward and backward passes; the first argument is the optimizer itself."""
    return any(one is not None for one in (*args[1:2], kwargs.get("closure")))


def _careful(hook: Hook) -> Hook:
    """A hook that never stops the user's loop: what cannot be looked at is noted, and the diagnosis says so."""

    @functools.wraps(hook)
    def wrapped(self: Any, *args: Any) -> None:
        try:
            hook(self, *args)
        except Exception as error:
            self.trouble(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")

    return cast(Hook, wrapped)


def _example_tensor(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """The tensor that tells examples apart: the first given, and of those given by name the first that is no answer or mask."""
    first = next(tensors(args), None)
    if first is not None or not kwargs:
        return first
    return next(tensors([value for name, value in kwargs.items() if not name.startswith(BESIDE)]), None)


class Listening(Told):
    """Hears every forward pass of the module, every backward pass, and every step, through hooks that torch keeps for all modules.

    The user's objects carry no hook: only one small parameter gets one, for the time of watching, which tells when a gradient
    arrives and whether the one before had been cleared.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.given = bool(loop.optimizers)  # without any, each that moves the model's parameters is listened to
        self.room = Counter({True: KEPT, False: KEPT // 4})  # records that still are kept of training, and of evaluations
        self.mode = Following(self)
        self.on = False  # whether the mode is
        self.next_watched = 1
        self.measuring = Measuring(loop)
        self.layers = {m: name for name, m in loop.module.named_modules() if name and not list(m.children())}
        self.handles: list[RemovableHandle] = []
        self.sentinel: nn.Parameter | None = None
        self.had_hooks = False
        self.sensitive = loop.sensitive
        self.own = {m for m in loop.module.modules() if next(m.parameters(), None) is not None}
        self.entered: nn.Module | None = None  # the outermost of them that is running: a Lightning module runs its own parts
        self.paused_by: nn.Module | None = None
        self.pending: list[tuple[bool, tuple[int, ...]]] = []  # training forward passes since the last step: mode, examples
        self.unsent = 0  # of them, how many without a backward pass
        self.leftover: bool | None = None  # whether the gradient at hand holds that of a step already taken
        self.stepped = False
        self.judging: tuple[bool, tuple[int, ...]] | None = None
        self.last_judged: tuple[int, ...] = ()
        self.answered = False  # whether the outputs at hand were held against targets
        self.opened: tuple[Tensor, ...] = ()  # the outputs at hand
        self.learning = False
        self.scored = False
        self.scores: list[tuple[int, int]] = []  # right answers, of how many, by batch, since the last training pass

    # --- on and off ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to listen."""
        self.loop.recorder.begin(self.loop.module)
        for optimizer in self.loop.optimizers:
            self.loop.recorder.setting(optimizer, self.loop.names)
        self.handles = [
            register_module_forward_pre_hook(self._before_module),
            register_module_forward_hook(self._after_module, with_kwargs=True),
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]

    def stop(self) -> None:
        """Leave no trace."""
        self._off()
        self._close_judging()
        self.mode.forget()
        self.opened = ()
        for handle in self.handles:
            handle.remove()
        self.handles = []
        if self.sentinel is not None and not self.had_hooks and not self.sentinel._backward_hooks:
            self.sentinel._backward_hooks = None
        self.measuring.forget()

    def _off(self) -> None:
        if self.on:
            switch_off(self.mode)
            self.on = False

    def _on(self) -> None:
        if not self.on:
            switch_on(self.mode)
            self.on = True

    @property
    def watched(self) -> bool:
        """Whether the step at hand is looked at closely."""
        return self.loop.steps + 1 >= self.next_watched

    # --- forward passes ----------------------------------------------------------------------------------------------

    @_careful
    def _before_module(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if module is self.loop.module or (self.entered in (None, module) and module in self.own):
            self._off()
            self.mode.forget()
            self._close_judging()
            self.entered = module
            self.loop.door.open()
        elif self.on and not self.mode.paused and next(module.parameters(), None) is not None:
            self.mode.paused, self.paused_by = True, module  # another network: its inside is its own

    @_careful
    def _after_module(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if module is self.entered:
            self.entered = None
            self._forward(module, args, kwargs, output)
        elif self.entered is not None:
            if self.watched and torch.is_grad_enabled():
                name = self.layers.get(module)
                if name is not None:
                    self.measuring.activation(name, output)
                    self.loop.door.passed(name, module, args)
        elif module is self.paused_by:
            self.mode.paused, self.paused_by = False, None

    def _forward(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        loop = self.loop
        outputs = tuple(tensors(output))
        made = next((one for one in outputs if one.ndim), outputs[0] if outputs else None)
        mode = any(m.training for m in self.sensitive) if self.sensitive else loop.module.training
        learning = torch.is_grad_enabled() and (made is None or made.requires_grad or loop.module.training)
        first = _example_tensor(args, kwargs)
        few = len(loop.trained_on) < MOST_EXAMPLES or not learning
        prints = fingerprints(first) if few and first is not None and (first.device.type == "cpu" or self.watched) else ()
        self.fingerprints = prints
        if learning and not self.learning:
            self.scores = []
        self.learning, self.scored = learning, False
        if learning:
            suspicious = self.unsent > 0  # the last one was not learned from: perhaps an evaluation that keeps its graph
            self.pending.append((mode, prints))
            self.unsent += 1
            if made is not None and torch.is_grad_enabled() and (loop.module.training or made.requires_grad):
                loop.with_graph += made.requires_grad
                loop.without_graph += not made.requires_grad
            if not (self.watched or suspicious):
                return
            if self.watched:
                self._keep(module, args, kwargs)
                if module is loop.module and not self.layers:
                    loop.door.passed("", module, args)
        self.judging = (mode, prints)
        self.answered = False
        if made is not None and (self.watched or not learning) and len(loop.outputs) < KEPT:
            plain = made.detach()
            loop.outputs.append(
                OutputFacts(
                    self.step_at_hand, tuple(plain.shape), last_operation(made),
                    plain.ndim == 2 and looks_like_distribution(plain, 1), plain.ndim == 2 and looks_like_distribution(plain, 0),
                )
            )  # fmt: skip
        self.step = self.step_at_hand
        self.opened = outputs
        if len(outputs) > 1 or (made is not None and not made.ndim):
            self._read_own_loss(outputs, learning)
        self.mode.follow(output, learning)
        self._on()

    def _read_own_loss(self, outputs: tuple[Tensor, ...], learning: bool) -> None:
        """A loss among the outputs was computed inside of the model, from labels that it was given."""
        own = own_loss(outputs) if learning else None
        self.answered = self.loop.own_loss and not learning
        if own is None or not self.watched:
            return
        for call, target in losses_behind(outputs, own, self.step, self.fingerprints):
            self.loop.own_loss = True
            self._heard(call, target)
        batch = self.loop.batch
        if batch is not None and not self.loop.recorder.full:
            value = float(outputs[own].detach())
            part = self.loop.batch_of or self.loop.module
            self.loop.recorder.loss(Recorded(self.step, part, *batch, own, (), None, (), {}, value, False))

    @property
    def step_at_hand(self) -> int:
        """The step that is being prepared, counted from 1."""
        return self.loop.steps + 1

    def _keep(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.loop.batch_of = module
        self.loop.batch = (copied(args), copied(kwargs))
        self.loop.target = None

    def _close_judging(self) -> None:
        """The last forward pass was followed by no update: it was an evaluation, if its outputs were held against targets."""
        if self.judging is None:
            return
        mode, prints = self.judging
        self.judging = None
        if not self.answered or (self.unsent == 0 and self.pending):
            return
        if prints and prints == self.last_judged:
            return  # the same examples again: dropout left on in order to average
        self.last_judged = prints
        if len(self.loop.judged) < KEPT:
            self.loop.judged.append(Judged(self.loop.steps, mode, prints))
            self._twins(prints)

    def _twins(self, prints: tuple[int, ...]) -> None:
        self.loop.looked += len(prints)
        self.loop.twins += len(prints) - len(set(prints))

    # --- backward passes and steps -------------------------------------------------------------------------------------

    @_careful
    def _arrived(self, grad: Tensor) -> None:
        """The sentinel's gradient is known and not yet added to what is there."""
        self.unsent = 0
        held = self.sentinel.grad if self.sentinel is not None else None
        if held is None or not bool(held.any()):
            self.leftover = False
        elif self.stepped:
            self.leftover = True
        self.stepped = False

    @_careful
    def _before_step(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._off()
        if optimizer not in self.loop.optimizers:
            hold(self.loop, optimizer)
            if self.given or not any(id(p) in self.loop.names for group in optimizer.param_groups for p in group["params"]):
                return
            self.loop.optimizers.append(optimizer)
            self.loop.recorder.setting(optimizer, self.loop.names)
        if self.watched:
            self.measuring.before(optimizer, by_closure=_has_closure(args, kwargs))
        for group in optimizer.param_groups:
            if group["lr"] < 0 and len(self.loop.negative_rates) < KEPT:
                self.loop.negative_rates.append((self.step_at_hand, float(group["lr"])))

    @_careful
    def _after_step(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        loop = self.loop
        if optimizer not in loop.optimizers:
            return
        self._off()
        was_watched = self.watched
        if was_watched:
            self.measuring.after(optimizer)
            loop.recorder.step(loop.module, len(self.pending))
        if self.leftover is not None and loop.steps:
            loop.checked += 1
            loop.carried += self.leftover
        self.leftover, self.stepped = None, True
        if self.sentinel is None:
            self._place_sentinel(optimizer)
        if self.pending:
            mode = any(trained for trained, _ in self.pending)
            if not loop.modes or loop.modes[-1][1] != mode:
                loop.modes.append((self.step_at_hand, mode))
            if len(loop.trained_on) < MOST_EXAMPLES:
                for _, prints in self.pending:
                    loop.trained_on.update(prints)
                    loop.train_visits += len(prints)
                    self._twins(prints)
        if "step" not in loop.places:
            loop.places["step"] = code_place()
        self.pending, self.unsent = [], 0
        self.judging = None
        loop.steps += 1
        if loop.steps >= self.next_watched:
            self.next_watched = loop.steps + 1 if loop.steps < DENSE else max(loop.steps + 1, round(loop.steps * GROWTH))
        if was_watched and self.opened:
            self._on()  # accuracy is often counted after the step

    def _place_sentinel(self, optimizer: torch.optim.Optimizer) -> None:
        held = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None and p.grad.any()]
        if held:
            self.sentinel = min(held, key=lambda p: p.numel())
            self.had_hooks = self.sentinel._backward_hooks is not None
            self.handles.append(self.sentinel.register_hook(self._arrived))

    # --- what the mode tells -------------------------------------------------------------------------------------------

    def trouble(self, what: str) -> None:
        if what not in self.loop.troubles and len(self.loop.troubles) < 8:
            self.loop.troubles.append(what)

    def loss(self, call: LossCall, target: Tensor, received: Tensor, again: Again) -> None:
        self._heard(call, target)
        loop = self.loop
        if call.training and self.watched and loop.batch is not None and not loop.recorder.full:
            output = which(self.opened, received)
            if output is not None:
                func, given, named = again
                part, shape = loop.batch_of or loop.module, tuple(received.shape)
                loop.recorder.loss(Recorded(
                    self.step, part, *loop.batch, output, shape, func, copied(given), copied(named), call.value, False
                ))  # fmt: skip

    def refused(self, call: LossCall) -> None:
        if self.learning and len(self.loop.refused) < KEPT:
            self.loop.refused.append(call)

    def _heard(self, call: LossCall, target: Tensor) -> None:
        self.answered = True
        loop = self.loop
        if self._has_room():
            loop.calls.append(call)
        if call.training and self.watched:
            loop.target = target.clone()
        if call.labels is not None:
            self._score(call.labels)
            if call.training:
                loop.labels.setdefault(call.step, []).append(call.labels)
            if len(call.labels) == len(call.fingerprints):
                for one, label in zip(call.fingerprints, call.labels.tolist(), strict=True):
                    loop.label_of[one].add(label)
                    loop.visits[one] += 1

    def operation(self, one: Operation, worked_on: Tensor, other: Tensor | None) -> None:
        loop = self.loop
        if self._has_room():
            loop.operations.append(one)
        if one.name == "eq" and other is not None and not one.other_followed:
            self.answered = True
            self._score(other)
        if one.name == "argmax":
            self.answered = True

    def _has_room(self) -> bool:
        self.room[self.learning] -= 1
        return self.room[self.learning] >= 0

    def _score(self, labels: Tensor) -> None:
        """Count right answers as they should be counted: the greatest output of each row."""
        outputs = next((one for one in self.opened if one.ndim), None)
        if self.learning or self.scored or outputs is None or outputs.ndim != 2 or outputs.shape[1] < 2:
            return
        if labels.ndim == 1 and len(labels) == len(outputs):
            self.scores.append((int((outputs.detach().argmax(dim=1) == labels).sum()), len(labels)))
            self.scored = True

    def backward(self, value: float, opposite: bool, likely: float | None) -> None:
        self.unsent = 0
        self.loop.recorder.sent(value)
        if len(self.loop.losses) < KEPT:
            self.loop.losses.append((self.step_at_hand, value))
            if likely is not None:
                self.loop.likelihoods.append((self.step_at_hand, likely))
        if opposite:
            self.loop.negated.append(self.step_at_hand)
