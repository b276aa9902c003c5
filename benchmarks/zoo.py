"""What a training step of the models costs, and what their recipes reach.

    python -m benchmarks.zoo steps [--rounds 5] [--tier auto] [resnet vit …]
    WHYNET_DATA=../shared/data python -m benchmarks.zoo train resnet [--which 1] [--seeds 0 1 2]
    python -m benchmarks.zoo doctor [resnet vit …]

- *steps*: training steps alone (gathering the batch, forward, gradient, update), both sides warm, against a plain PyTorch loop with
  torch's own optimizer: over the same architecture of `transformers` where it has one, else over the very module that whynet trains.
  Both on one thread in one process, a few steps at a time in turn, as in `benchmarks.step`.
- *train*: a recipe of the model's registration, seed by seed, on one thread: the test metric and the minutes.
- *doctor*: what `whynet why` says of each model's small recipe, which is known to train it: anything but a clean bill is a fault.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.machine import facts
from benchmarks.step import ENOUGH, Ratio, in_turns
from whynet.data import from_tensors
from whynet.doctor.diagnose import diagnose
from whynet.engine.arm import Arm, prepare
from whynet.engine.events import Stepped
from whynet.engine.fit import fit
from whynet.engine.population import Tier
from whynet.engine.train import Watching, train
from whynet.experiment.statistics.interval import interval
from whynet.recipe import Recipe, known, recipe
from whynet.registry import infos

PHOTOS, SMALL = (3, 64, 64), (1, 28, 28)
EXAMPLES = 256


@dataclass(frozen=True)
class Case:
    """A model with pictures of a size and, where there is one, the network of `transformers` that is to be as fast."""

    model: str
    inputs: tuple[int, ...]
    peer: Callable[[], nn.Module] | None = None
    batch: int = 32
    steps: int = 10  # in a round


def _resnet() -> nn.Module:
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(
        embedding_size=64, hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic", num_labels=10
    )
    return Logits(ResNetForImageClassification(config))


def _bottlenecks() -> nn.Module:
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(embedding_size=64, hidden_sizes=[256, 512, 1024, 2048], depths=[3, 4, 6, 3], num_labels=10)
    return Logits(ResNetForImageClassification(config))


def _vit() -> nn.Module:
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        hidden_size=192, num_hidden_layers=12, num_attention_heads=3, intermediate_size=768, image_size=64, patch_size=8,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=10,
    )  # fmt: skip
    return Logits(ViTForImageClassification(config))


class Logits(nn.Module):
    """The logits alone of a network that answers with more."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x).logits


CASES: dict[str, Case] = {
    "resnet-18": Case("resnet(depth=18)", PHOTOS, _resnet),
    "resnet-50": Case("resnet(depth=50)", PHOTOS, _bottlenecks, batch=16, steps=5),
    "vit-Ti/8": Case('vit(size="Ti", patch=8)', PHOTOS, _vit),
    "resnet-20": Case("resnet(depth=20)", (3, 32, 32)),
    "vgg-11": Case("vgg(depth=11, width=16)", PHOTOS),
    "alexnet": Case("alexnet(width=16)", PHOTOS),
    "googlenet": Case("googlenet(width=16)", PHOTOS),
    "densenet": Case("densenet(depth=40)", (3, 32, 32), batch=16),
    "nin": Case("nin(width=48)", (3, 32, 32)),
    "lenet5": Case("lenet5", SMALL, steps=40),
}


# --- steps -----------------------------------------------------------------------------------------------------------


def plain(arm: Arm, module: nn.Module) -> Iterator[Tensor]:
    """The loop that one would write by hand, over a module of any origin."""
    torch.manual_seed(0)
    module.train()
    optimizer = torch.optim.Adam(module.parameters(), lr=arm.optimizer.lr)
    x, y, n = arm.dataset.train.x, arm.dataset.train.y, len(arm.dataset.train)
    while True:
        order = torch.randperm(n)
        for start in range(0, n - arm.batch_size + 1, arm.batch_size):
            batch = order[start : start + arm.batch_size]
            loss = arm.loss(module(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.detach()


def of(case: Case) -> Recipe:
    """Steps of the model on made-up pictures of ten classes: what they show changes nothing of what they cost."""
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(EXAMPLES * 2, *case.inputs, generator=draw), torch.arange(EXAMPLES * 2) % 10
    return recipe(from_tensors(x, y, classes=10), case.model, batch_size=case.batch, steps=ENOUGH)


def measured(case: Case, rounds: int, tier: Tier) -> tuple[Ratio, float]:
    """The ratio of speeds, and whynet's milliseconds a step."""
    one = of(case)
    arm = prepare(one)
    module = case.peer() if case.peer else arm.network.load(arm.network.initial, arm.network.buffers)
    if case.peer:  # an architecture that only looks the same would prove nothing
        assert sum(p.numel() for p in module.parameters()) == arm.network.size, (case.model, arm.network.size)
    ours = (event for event in train([arm], Watching((), evaluations=1), tier) if isinstance(event, Stepped))
    theirs = plain(prepare(one), module)
    in_turns(theirs, ours, case.steps)  # to be warm
    pairs = [in_turns(theirs, ours, case.steps) for _ in range(rounds)]
    return Ratio([a / b for a, b in pairs]), statistics.median(b for _, b in pairs) / (case.steps // 5 * 5) * 1e3


# --- whole trainings -------------------------------------------------------------------------------------------------


def trained(name: str, which: int, seeds: list[int], tier: Tier) -> None:
    """Train a known recipe under each seed and print what it reached."""
    one, scores = known(name)[which], []
    print(one, flush=True)
    for seed in seeds:
        started = time.perf_counter()
        fitted = fit(one.change(seed=seed), tier=tier)
        took = time.perf_counter() - started
        scores.append(fitted.score("test"))
        print(f"  seed {seed}: {fitted.dataset.task.metric} {scores[-1]:.4f} in {took / 60:.1f} min", flush=True)
    if len(scores) > 1:
        found = interval(scores)
        print(f"  mean {found.mean:.4f} ({found.low:.4f} to {found.high:.4f}), {len(scores)} seeds", flush=True)


# --- the doctor ------------------------------------------------------------------------------------------------------


def examined(name: str) -> None:
    """What the doctor says of a model's small recipe."""
    started = time.perf_counter()
    found = diagnose(known(name)[0], workers=0)
    seen, took = found.examination, time.perf_counter() - started
    print(f"{name:20} {found.state:10} {seen.yardstick.title} {seen.metric:.3f} in {took:.0f} s · {found.verdict}", flush=True)
    for note in found.notes:
        print(f"{'':20} {note}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["steps", "train", "doctor"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--which", type=int, default=1, help="recipe of the registration: 0 is the small one")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--tier", choices=["auto", "fast"], default="auto")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(" · ".join(f"{name} {value}" for name, value in facts().items()))
    if given.what == "train":
        for name in given.names:
            trained(name, given.which, given.seeds, given.tier)
        return
    if given.what == "doctor":
        for name in given.names or [info.name for info in infos("model")]:
            examined(name)
        return
    print(f"ratio of speeds, whynet / plain PyTorch: median (least–greatest) of {given.rounds} rounds, tier {given.tier}")
    for name in given.names or CASES:
        ratio, took = measured(CASES[name], given.rounds, given.tier)
        print(f"{name:12} {ratio} at {took:.0f} ms a step", flush=True)


if __name__ == "__main__":
    main()
