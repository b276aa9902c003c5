"""One training about to start: a recipe made real under its seed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, nn

from whynet import registry
from whynet.data import Dataset, from_tensors, load
from whynet.engine.network import Network, clone, copied
from whynet.engine.noise import seeded
from whynet.engine.rates import without_rates
from whynet.engine.threads import one_thread
from whynet.engine.varied import shape_of, values_of
from whynet.errors import RecipeError, TrainingError
from whynet.losses.given import GivenLoss
from whynet.losses.loss import Loss
from whynet.models.build import build
from whynet.models.init import initialise, permuted
from whynet.models.pretrained.loading import begin_with
from whynet.models.stages import factors, freeze, within
from whynet.optimizers.given import from_torch
from whynet.optimizers.optimizer import Optimizer
from whynet.recipe import Given, Recipe, default_loss
from whynet.rng import generator
from whynet.spec import Spec
from whynet.text import Text

USUAL_BATCH = 64  # examples in a step where the recipe does not say


@dataclass(eq=False)
class Arm:
    """A recipe with its data loaded, its network built and initialised, its rules made."""

    recipe: Recipe
    dataset: Dataset
    network: Network
    loss: Loss
    optimizer: Optimizer
    clip: Any | None
    label: str = ""
    notes: list[Text] = field(default_factory=list)  # what the reader should hear before the first step

    @property
    def seed(self) -> int:
        return self.recipe.seed

    @cached_property
    def batch_size(self) -> int:
        """Examples in a step."""
        n, size = len(self.dataset.train), self.recipe.batch_size
        return n if size == "all" else min(USUAL_BATCH, n) if size is None else size

    @cached_property
    def steps_per_epoch(self) -> int:
        """Steps in which every example is seen once. A last batch of a single example is left out (batch norm cannot use it)."""
        n, size = len(self.dataset.train), self.batch_size
        full, rest = divmod(n, size)
        return full + (1 if rest > 1 or full == 0 else 0)

    @cached_property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self.recipe.steps or self.recipe.epochs * self.steps_per_epoch

    @cached_property
    def schedule(self) -> Any:
        """The learning rate's schedule."""
        return registry.make("schedule", self.recipe.schedule)

    def learning_rates(self, start: int, stop: int) -> Tensor:
        """The learning rate after the schedule of the steps from start (0 is the first) up to stop, float64."""
        factors = [self.schedule(step, self.total_steps, self.steps_per_epoch) for step in range(start, stop)]
        return self.optimizer.lr * torch.tensor(factors, dtype=torch.float64)

    def order(self, epoch: int) -> list[Tensor]:
        """The batches of one epoch, as positions in the pool."""
        return self.batches(self.positions(epoch))

    def positions(self, epoch: int) -> Tensor:
        """Where in the pool the examples of one epoch are, (N,), in the order drawn from the arm's own stream for that epoch."""
        n = len(self.dataset.train)
        shuffled = self.recipe.shuffle and self.batch_size < n
        order = torch.randperm(n, generator=generator(self.seed, "order", epoch)) if shuffled else torch.arange(n)
        return self.dataset.train.index[order]

    def batches(self, positions: Tensor) -> list[Tensor]:
        """The batches of an epoch out of its positions, (…, N)."""
        return list(positions.split(self.batch_size, dim=-1))[: self.steps_per_epoch]

    @cached_property
    def factors(self) -> Tensor:
        """What each weight is given of the learning rate, (P,)."""
        network, every = self.network, dict(self.network.template.named_parameters())
        return factors(network.names, network.sizes, self.recipe.rates, every).to(network.initial)

    @cached_property
    def graph_key(self) -> Hashable:
        """Arms with equal keys run the same operations on tensors of the same shapes, and can be stacked."""
        model, recipe, network = self.recipe.model, self.recipe, self.network
        x, y = self.dataset.train.pool_x, self.dataset.train.pool_y
        return (
            (str(without_rates(model)), network.structure) if isinstance(model, Spec) else (id(model.value), network.constants),
            (tuple(network.shapes), self.dataset.task.kind, self.dataset.task.outputs),
            (type(self.loss), values_of(self.loss) if isinstance(recipe.loss, Given) else shape_of(self.loss)),
            (type(self.optimizer), shape_of(self.optimizer)),
            (type(self.clip), shape_of(self.clip)),
            (recipe.precision, recipe.freeze, bool(recipe.rates)),
            (x.shape[1:], x.dtype, y.shape[1:], y.dtype, len(self.dataset.train)),
            self.batch_size,
        )


@one_thread()
def prepare(recipe: Recipe, label: str = "") -> Arm:
    """Load the data, build the network under the seed, make the rules, and check that they fit together."""
    dataset = load_data(recipe)
    if isinstance(recipe.batch_size, int) and recipe.batch_size > len(dataset.train):
        raise RecipeError(_BATCH, batch=recipe.batch_size, n=len(dataset.train))
    if (recipe.early_stopping is not None or recipe.keep == "best") and not len(dataset.validation):
        raise RecipeError(_NO_VALIDATION)
    loss = make_loss(recipe, dataset)
    module = make_module(recipe, dataset, loss)
    notes = begin_with(recipe.pretrained, module) if recipe.pretrained else []
    freeze(module, recipe.freeze)
    network = Network(module, recipe.precision, recipe.freeze)
    if network.size == 0:
        raise RecipeError(_NO_WEIGHTS, model=str(recipe.model))
    _try(network, dataset, loss, recipe)
    arm = Arm(
        recipe=recipe,
        dataset=dataset,
        network=network,
        loss=loss,
        optimizer=make_optimizer(recipe),
        clip=registry.make("clip", recipe.clip) if recipe.clip else None,
        label=label,
        notes=notes,
    )
    if recipe.rates:
        _ = arm.factors  # raises for a part that the network has not
    return arm


def load_data(recipe: Recipe) -> Dataset:
    """The recipe's data set, split under its seed. A function of the user's is asked with the seed for its data."""
    if isinstance(recipe.data, Spec):
        return load(recipe.data, recipe.seed)
    value = recipe.data.value
    if callable(value):
        value = value(recipe.seed)
    return value if isinstance(value, Dataset) else from_tensors(value, seed=recipe.seed)


def make_loss(recipe: Recipe, dataset: Dataset) -> Loss:
    """The recipe's loss, else the model's own, else the task's."""
    if isinstance(recipe.loss, Given):
        value = recipe.loss.value
        return value if isinstance(value, Loss) else GivenLoss(value, recipe.loss.label)
    spec = recipe.loss or default_loss(recipe.model, dataset.task.loss)
    info, _ = registry.bind("loss", spec)
    if info.accepts and dataset.task.kind not in info.accepts:
        raise RecipeError(_LOSS, loss=str(spec), task=dataset.task.words, fits=", ".join(_losses_for(dataset.task.kind)))
    return cast(Loss, registry.make("loss", spec))


def make_optimizer(recipe: Recipe) -> Optimizer:
    """The recipe's update rule."""
    if isinstance(recipe.optimizer, Given):
        value = recipe.optimizer.value
        return value if isinstance(value, Optimizer) else from_torch(value)
    return cast(Optimizer, registry.make("optimizer", recipe.optimizer))


def make_module(recipe: Recipe, dataset: Dataset, loss: Loss) -> nn.Module:
    """The recipe's network with its initial weights, which depend on the seed alone.

    A live module is copied. Under seed 0 it keeps the weights it came with; under any other seed their entries are shuffled within
    each tensor, which is a fresh draw from whatever distribution they were drawn from. What is frozen is never shuffled.
    """
    task = dataset.task
    if isinstance(recipe.model, Spec):
        module = build(recipe.model, task.inputs, loss.units(task), task.kind)
        initialise(module, recipe.init, recipe.seed)
        return module
    value = recipe.model.value
    if isinstance(value, nn.Module):
        module = copied(value)
        if recipe.init is not None:
            initialise(module, recipe.init, recipe.seed)
        elif recipe.seed != 0:
            permuted(module, recipe.seed)
            _keep(recipe.freeze, value, module)
        return module
    with seeded(recipe.seed, "init"):
        module = value()
    if not isinstance(module, nn.Module):
        raise RecipeError(_NOT_A_MODULE, label=recipe.model.label, received=type(module).__name__)
    if recipe.init is not None:
        initialise(module, recipe.init, recipe.seed)
    return module


def _keep(prefixes: Iterable[str], original: nn.Module, module: nn.Module) -> None:
    """Give parts of a copy the weights of the original again."""
    was, own = dict(original.named_parameters(remove_duplicate=False)), dict(module.named_parameters(remove_duplicate=False))
    with torch.no_grad():
        for name in [name for prefix in prefixes for name in within(prefix, own, "freeze")]:
            own[name].copy_(was[name])


def _try(network: Network, dataset: Dataset, loss: Loss, recipe: Recipe) -> None:
    """A forward pass in either mode and the loss of it, so that parts that do not fit say so before the training starts."""
    x, y = _tried(dataset, 1 if recipe.batch_size == 1 else 2)
    try:
        with torch.no_grad(), seeded(recipe.seed, "sample"):
            for mode in (network.train, network.eval):
                mode()
                outputs = network(network.initial, clone(network.buffers), x)
    except (RuntimeError, TypeError, ValueError) as error:
        raise RecipeError(_FORWARD, model=str(recipe.model), shape=tuple(x.shape), error=_first_line(error)) from error
    if not isinstance(outputs, Tensor):
        raise RecipeError(_NOT_A_TENSOR, model=str(recipe.model), received=type(outputs).__name__)
    units = outputs.shape[-1] if outputs.ndim > 1 else 1
    if dataset.task.kind == "classify" and units < dataset.task.outputs and not units == 1 == dataset.task.outputs - 1:
        raise RecipeError(_TOO_FEW_OUTPUTS, model=str(recipe.model), units=units, classes=dataset.task.outputs)
    try:
        with torch.no_grad():
            value = loss(outputs, y)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise RecipeError(
            _LOSS_FAILED, loss=str(recipe.loss or "default"), outputs=tuple(outputs.shape), targets=tuple(y.shape),
            dtype=str(y.dtype).removeprefix("torch."), error=_first_line(error),
        ) from error  # fmt: skip
    if value.ndim != 0:
        raise TrainingError(_NOT_A_SCALAR, loss=str(recipe.loss or "default"), shape=tuple(value.shape))


def _tried(dataset: Dataset, count: int) -> tuple[Tensor, Tensor]:
    """As few training examples as a step may have, the one of the greatest class among them: it needs the most outputs."""
    index, pool_y = dataset.train.index, dataset.train.pool_y
    if dataset.task.kind == "classify":
        index = torch.cat([index[pool_y[index].argmax()][None], index])
    return dataset.train.pool_x[index[:count]], pool_y[index[:count]]


def _losses_for(kind: str) -> list[str]:
    return [info.name for info in registry.infos("loss") if not info.accepts or kind in info.accepts]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


_BATCH = Text(
    "batch_size is {batch}, but there are only {n} training examples. Choose at most {n}, or batch_size=all for all of them.",
    "batch_size가 {batch}인데 학습 예제는 {n}개뿐이다. {n} 이하로 정하거나, 전부 쓰려면 batch_size=all로 한다.",
)
_NO_VALIDATION = Text(
    "early_stopping and keep=best are judged by the validation loss, but there are no validation examples. "
    "Set some aside, with validation=0.1 in the data, or leave both out.",
    "early_stopping과 keep=best는 검증 손실로 정하는데 검증 예제가 없다. 데이터에 validation=0.1을 주거나 둘 다 뺀다.",
)
_NO_WEIGHTS = Text(
    "{model} has no weights to train. Are all of its parameters frozen (freeze, or requires_grad=False)?",
    "{model}에는 학습할 가중치가 없다. 모든 파라미터가 고정(freeze 또는 requires_grad=False)되어 있지 않은가?",
)
_LOSS = Text(
    "The loss {loss} does not fit {task}. These do: {fits}",
    "손실 함수 {loss:은} {task}에 맞지 않는다. 맞는 것: {fits}",
)
_NOT_A_MODULE = Text(
    "The model factory {label} should return an nn.Module. Received: {received}",
    "모델 팩토리 {label:은} nn.Module을 돌려주어야 한다. 받은 것: {received}",
)
_FORWARD = Text(
    "{model} cannot take a batch of shape {shape}: {error}",
    "{model:이} 모양 {shape}의 배치를 받지 못한다: {error}",
)
_NOT_A_TENSOR = Text(
    "{model} should return one tensor of outputs. Received: {received}",
    "{model:은} 출력 텐서 하나를 돌려주어야 한다. 받은 것: {received}",
)
_TOO_FEW_OUTPUTS = Text(
    "{model} has {units} outputs, but the data has {classes} classes. Give its last layer {classes} outputs.",
    "{model}의 출력은 {units}개인데 데이터의 클래스는 {classes}개다. 마지막 층의 출력을 {classes}개로 한다.",
)
_LOSS_FAILED = Text(
    "The loss {loss} cannot take outputs of shape {outputs} with targets of shape {targets} ({dtype}): {error}",
    "손실 함수 {loss:이} 모양 {outputs}의 출력과 모양 {targets}의 정답({dtype})을 받지 못한다: {error}",
)
_NOT_A_SCALAR = Text(
    "The loss {loss} should return one number. Received: a tensor of shape {shape}. Average it over the batch.",
    "손실 함수 {loss:은} 수 하나를 돌려주어야 한다. 받은 것: 모양 {shape}의 텐서. 배치에 대해 평균을 낸다.",
)
