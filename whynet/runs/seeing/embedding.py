"""Where a network puts its examples: the features before its head, and a map of them in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.models.features import Trained, entering, features, network_of
from whynet.text import Text

BATCH = 256
FEWEST = 5  # examples that make a map


@dataclass(frozen=True)
class Spread:
    """Examples in the plane, (N, 2): near is alike, far means little; and how many neighbours each was asked to keep."""

    points: np.ndarray
    perplexity: float


def embedding(model: nn.Module | Trained, x: Tensor, name: str | None = None) -> Tensor:
    """What enters ``name`` (else ``head``, or the last layer with weights) for examples ``x``: (B, D), the mean over places.

    Raises `UnknownNameError`.
    """
    network = network_of(model)
    name = name or head_of(network, x)
    parts = [entering(network, part, name) for part in x.split(BATCH)]
    whole = torch.cat([part.cpu() for part in parts])
    return whole.flatten(2).mean(dim=2) if whole.ndim == 4 else whole.flatten(1)


def head_of(network: nn.Module, x: Tensor) -> str:
    """The name of the classifier: ``head``, or of the layer with weights that runs last."""
    parts = dict(network.named_modules())
    if "head" in parts:
        return "head"
    ran = [name.partition("#")[0] for name in features(network, x[:2])]
    return next((name for name in reversed(ran) if any(p.ndim > 1 for p in parts[name].parameters(recurse=False))), ran[-1])


def tsne(embedded: Tensor, perplexity: float | None = None, seed: int = 0) -> Spread:
    """t-SNE of features (N, D) into the plane, seeded; ``perplexity``: 30, or a third of the examples where they are fewer.

    Raises `ShapeError` for fewer than 5 examples. Van der Maaten and Hinton, Visualizing data using t-SNE (2008).
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    values = embedded.reshape(len(embedded), -1).double().numpy()
    if len(values) < FEWEST or not np.isfinite(values).all():
        raise ShapeError(_TOO_FEW, least=FEWEST, n=int(np.isfinite(values).all(axis=1).sum()))
    perplexity = min(30.0, (len(values) - 1) / 3) if perplexity is None else perplexity
    start = "pca" if values.shape[1] >= 2 else "random"
    rule = TSNE(perplexity=perplexity, init=start, random_state=seed, n_jobs=1)
    with threadpool_limits(1):  # so little work waits longer for a second thread than it takes
        return Spread(rule.fit_transform(values), perplexity)


def neighbours_alike(embedded: Tensor, labels: Tensor) -> float:
    """The share of examples whose nearest other example, in all dimensions, is of their class."""
    apart = torch.cdist(embedded.double(), embedded.double()).fill_diagonal_(torch.inf)
    return float((labels[apart.argmin(dim=1)] == labels).double().mean())


_TOO_FEW = Text(
    "A map by t-SNE needs at least {least} examples with finite features. Received: {n}.",
    "t-SNE 지도에는 특징이 유한한 예제가 {least}개는 있어야 한다. 받은 것: {n}개.",
)
