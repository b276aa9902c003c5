"""Segmentation against answers that know nothing of shapes: does a network see more than colour?

    python -m benchmarks.segmentation shapes [--seeds 0 1 2]
    WHYNET_DATA=../shared/data python -m benchmarks.segmentation coco [--folds 5] [--seeds 0 1 2]

- *frequent*: every pixel is the class most pixels of the training set are of.
- *colour*: a logistic regression from the three colours of a pixel to its class, on 20,000 training pixels; *balanced* weighs the classes
  alike, which costs pixels and gains classes.
- *network*: the first recipe of `fcn` for shapes, the second for COCO.

Shapes: the mean IoU of the test set of each split, Student's interval over the splits. COCO: five-fold cross-validation of 52 photos, all
validated photos counted together, each judged by a network that has not seen it; the interval is the jackknife's over photos, and
differences are between answers to the same photos. With several seeds the photos are dealt anew, and the means of all are printed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from benchmarks.machine import facts
from whynet.data import Dataset
from whynet.data.dataset import Examples
from whynet.engine.fit import fit
from whynet.engine.train import Watching
from whynet.experiment.statistics import Interval, interval, paired
from whynet.experiment.statistics.jackknife import jackknife
from whynet.recipe import Recipe, known
from whynet.vision.mean_iou import class_iou, mean_iou, pixel_confusion

PIXELS = 20_000
Answers = Mapping[str, Tensor]  # by way: the class of each pixel, (N, H, W)


def frequent(data: Dataset, asked: Examples, seed: int) -> Tensor:
    """The most frequent class of the training set everywhere."""
    labels = data.train.y[data.train.y >= 0]
    return torch.full_like(asked.y, int(labels.bincount().argmax()))


def colour(balanced: bool) -> Callable[[Dataset, Examples, int], Tensor]:
    """Logistic regression on the colours of a pixel."""

    def answer(data: Dataset, asked: Examples, seed: int) -> Tensor:
        x, y = data.train.x.movedim(1, -1).reshape(-1, 3), data.train.y.flatten()
        x, y = x[y >= 0], y[y >= 0]
        some = np.random.default_rng(seed).choice(len(y), min(PIXELS, len(y)), replace=False)
        model = LogisticRegression(max_iter=500, class_weight="balanced" if balanced else None).fit(
            x[some].numpy(), y[some].numpy()
        )
        pixels = asked.x.movedim(1, -1).reshape(-1, 3).numpy()
        return torch.from_numpy(model.predict(pixels)).reshape(asked.y.shape)

    return answer


BASELINES: Mapping[str, Callable[[Dataset, Examples, int], Tensor]] = {
    "frequent": frequent,
    "colour": colour(balanced=False),
    "colour, balanced": colour(balanced=True),
}


def shapes(recipe: Recipe, seeds: list[int]) -> None:
    """Test sets of several splits."""
    scores: dict[str, list[float]] = {}
    for seed in seeds:
        fitted = fit(recipe.change(seed=seed), watching=Watching(evaluations=1))
        data, k = fitted.dataset, fitted.dataset.task.outputs
        answers = {name: answer(data, data.test, seed) for name, answer in BASELINES.items()}
        answers["network"] = fitted.predict(data.test.x)
        for name, answer in answers.items():
            scores.setdefault(name, []).append(mean_iou(answer, data.test.y, k))
    for name, values in scores.items():
        print(f"{name:18s} {interval(values, bounds=(0.0, 1.0))}   {[round(value, 3) for value in values]}")
    for name in BASELINES:
        print(f"network - {name:18s} {paired(scores['network'], scores[name]).difference}")


def coco(recipe: Recipe, folds: int, seeds: list[int]) -> None:
    """All photos but one, each validated on once, for each dealing of the folds."""
    means: dict[str, list[float]] = {}
    for seed in seeds:
        answers: dict[str, list[Tensor]] = {}
        targets: list[Tensor] = []
        for fold in range(folds):
            fitted = fit(
                recipe.change(seed=seed, **{"data.test": 0.02, "data.fold": fold, "data.folds": folds}),
                watching=Watching(evaluations=1),
            )
            data = fitted.dataset
            targets.append(data.validation.y)
            for name, answer in BASELINES.items():
                answers.setdefault(name, []).append(answer(data, data.validation, seed))
            answers.setdefault("network", []).append(fitted.predict(data.validation.x))
        y, classes = torch.cat(targets), data.task.classes
        told = {name: torch.cat(parts) for name, parts in answers.items()}
        print(f"seed {seed}, {len(y)} photos, classes {', '.join(classes)}")
        for name, answer in told.items():
            each = class_iou(pixel_confusion(answer, y, len(classes)))
            print(
                f"{name:18s} {over_photos({name: answer}, y, len(classes))}   by class {[round(v, 3) for v in each.tolist()]}"
            )
            means.setdefault(name, []).append(mean_iou(answer, y, len(classes)))
        for name in BASELINES:
            pair = {"network": told["network"], name: told[name]}
            print(f"network - {name:18s} {over_photos(pair, y, len(classes))}")
    for name, values in means.items():
        print(f"all dealings, {name:18s} {[round(value, 3) for value in values]} mean {np.mean(values):.3f}")


def over_photos(answers: Answers, y: Tensor, classes: int) -> Interval:
    """The mean IoU of one answer, or the first's beyond the second's, with the interval over photos."""

    def value(places: np.ndarray) -> float:
        index = torch.from_numpy(places)
        first, *rest = (mean_iou(answer[index], y[index], classes) for answer in answers.values())
        return first - sum(rest)

    return jackknife(value, len(y), blocks=len(y))


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["shapes", "coco"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--folds", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    print(facts())
    recipe = known("fcn")[0 if given.data == "shapes" else 1]
    print(recipe)
    shapes(recipe, given.seeds) if given.data == "shapes" else coco(recipe, given.folds, given.seeds)
    print(f"{time.process_time() - started:.0f} processor seconds")


if __name__ == "__main__":
    main()
