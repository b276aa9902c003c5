"""What weights that were learned elsewhere are worth where there are few examples: paired over seeds.

    python -m benchmarks.finetuning
    WHYNET_DATA=../shared/data python -m benchmarks.finetuning flowers cifar.safetensors

- The digits 0 to 4 for the digits 5 to 9. Each seed draws the 50 training examples, the head, the order and, from scratch, all weights. The
  rest of the digits 5 to 9 is the test set.
- *flowers*: a ResNet-20 that learned CIFAR-10-JPEG by the model's third recipe, for photos of five kinds of flowers: 60 to learn from and
  40 to be judged by in each of ten deals.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from sklearn.datasets import load_digits

import whynet
from whynet.data import Dataset
from whynet.recipe import Recipe

MODEL, OPTIMIZER, EXAMPLES, SEEDS = "resnet(depth=8, width=8)", "adam(lr=0.003)", 50, 10
STEPS = (10, 25, 100)
FACTORS = {
    "freeze": [None, "stem, stage1", "stem, stage1, stage2", "stem, stage1, stage2, stage3"],
    "rates": [None, "stem=0.1, stage1=0.1, stage2=0.3"],
}
FLOWERS = Path(os.environ.get("WHYNET_DATA", ".")) / "flowers-subset"
PHOTOS = "resnet(depth=20, augment=[random_shift(4), random_flip])"
EPOCHS = (10, 40)

pixels, labels = load_digits(return_X_y=True)
x, late = (pixels / 16).reshape(-1, 1, 8, 8).astype("float32"), labels >= 5


def few(seed: int) -> Dataset:
    """The digits 5 to 9 with so many to learn from."""
    return whynet.from_tensors(x[late], labels[late] - 5, train=EXAMPLES, seed=seed)


def digits() -> None:
    """Train on the first five digits, then on the last five in every way, and print what came out."""
    with tempfile.TemporaryDirectory() as folder:
        first = whynet.fit(
            whynet.recipe((x[~late], labels[~late]), MODEL, optimizer=OPTIMIZER, epochs=10), whynet.Store(folder)
        )
        print(f"digits 0 to 4: {first.score:.3f}")
        for steps in STEPS:
            scratch = whynet.recipe(few, MODEL, optimizer=OPTIMIZER, steps=steps)
            tuned = scratch.change(pretrained=first.weights)
            compared(f"{steps:4} steps", scratch, first.weights, tuned)


def flowers(weights: Path) -> None:
    """The photos from scratch, and with what the pictures of CIFAR-10 taught, in every way."""
    for epochs in EPOCHS:
        scratch = whynet.recipe(
            f'folder("{FLOWERS}", size=32, test=0.4)',
            PHOTOS,
            optimizer="sgd(lr=0.02, momentum=0.9)",
            epochs=epochs,
            batch_size=16,
        )
        compared(f"{epochs:4} epochs", scratch, weights, scratch.change(pretrained=str(weights)))


def compared(label: str, scratch: Recipe, weights: str | Path, tuned: Recipe) -> None:
    """Print what beginning with the weights brings, and what freezing and slowing parts does to it."""
    runs = [(scratch, "pretrained", [None, str(weights)]), *((tuned, name, values) for name, values in FACTORS.items())]
    for base, name, values in runs:
        made = whynet.compare(base, {name: values}, seeds=SEEDS)
        for row in made.summaries:
            apart = row.difference
            against = f"{apart.mean:+.3f} [{apart.low:+.3f}, {apart.high:+.3f}]" if apart else ""
            print(f"{label}  {row.level:45} {row.mean.mean:.3f}  {against} {row.outcome or ''}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["digits", "flowers"], default="digits")
    parser.add_argument("weights", nargs="?", type=Path)
    given = parser.parse_args()
    if given.what == "flowers":
        flowers(given.weights)
    else:
        digits()


if __name__ == "__main__":
    main()
