"""What weights learned on the digits 0 to 4 are worth for the digits 5 to 9, of which there are few: paired over seeds.

    python -m benchmarks.finetuning

Each seed draws the 50 training examples, the head, the order and, from scratch, all weights. The rest of the digits 5 to 9 is the test set.
"""

from __future__ import annotations

import tempfile

from sklearn.datasets import load_digits

import whynet
from whynet.data import Dataset

MODEL, OPTIMIZER, EXAMPLES, SEEDS = "resnet(depth=8, width=8)", "adam(lr=0.003)", 50, 10
STEPS = (10, 25, 100)
FACTORS = {
    "freeze": [None, "stem, stage1", "stem, stage1, stage2", "stem, stage1, stage2, stage3"],
    "rates": [None, "stem=0.1, stage1=0.1, stage2=0.3"],
}

pixels, labels = load_digits(return_X_y=True)
x, late = (pixels / 16).reshape(-1, 1, 8, 8).astype("float32"), labels >= 5


def few(seed: int) -> Dataset:
    """The digits 5 to 9 with so many to learn from."""
    return whynet.from_tensors(x[late], labels[late] - 5, train=EXAMPLES, seed=seed)


def main() -> None:
    """Train on the first five digits, then on the last five in every way, and print what came out."""
    with tempfile.TemporaryDirectory() as folder:
        first = whynet.fit(
            whynet.recipe((x[~late], labels[~late]), MODEL, optimizer=OPTIMIZER, epochs=10), whynet.Store(folder)
        )
        print(f"digits 0 to 4: {first.score:.3f}")
        for steps in STEPS:
            scratch = whynet.recipe(few, MODEL, optimizer=OPTIMIZER, steps=steps)
            tuned = scratch.change(pretrained=first.weights)
            runs = [
                (scratch, "pretrained", [None, first.weights]),
                *((tuned, name, values) for name, values in FACTORS.items()),
            ]
            for base, name, values in runs:
                made = whynet.compare(base, {name: values}, seeds=SEEDS)
                for row in made.summaries:
                    against = (
                        f"{row.difference.mean:+.3f} [{row.difference.low:+.3f}, {row.difference.high:+.3f}]"
                        if row.difference
                        else ""
                    )
                    print(f"{steps:4} steps  {row.level:45} {row.mean.mean:.3f}  {against} {row.outcome or ''}")


if __name__ == "__main__":
    main()
