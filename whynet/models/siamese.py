"""The Siamese network: two pictures, one network for both, and the distance between what it makes of them.

    picture 1 ── embedding ── e₁ ┐
                    ║ (the same)   ├── d = ‖e₁ - e₂‖ ── small: the same person; large: another
    picture 2 ── embedding ── e₂ ┘

    contrastive loss:   (1 - y) d²/2 + y max(0, margin - d)²/2        y = 0 the same, 1 another

A classifier knows the people it was trained on. This network learns what makes two pictures be of one person, whoever it is, so it can
be asked about strangers: DeepFace and FaceNet verify faces so. How well it answers for them depends on how many people it has seen:
seven digits teach it less about an eighth than thousands of faces do about another face, however sure it is of the seven.

``layers`` is any list of layers; what comes out of them is flattened and projected to ``width`` numbers.
Bromley, Guyon, LeCun, Säckinger and Shah, Signature verification using a Siamese time delay neural network (1993); Hadsell, Chopra and
LeCun, Dimensionality reduction by learning an invariant mapping (2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional as F

from whynet.errors import RecipeError, ShapeError
from whynet.layers.stack import sequence, stack
from whynet.models.card import Training
from whynet.registry import Range, register
from whynet.spec import Spec, parse
from whynet.text import Text

LAYERS: tuple[Spec, ...] = tuple(
    parse(one)
    for one in (
        "conv2d(32, 3, padding=1)", "batch_norm", "relu", "max_pool(2)",
        "conv2d(64, 3, padding=1)", "batch_norm", "relu", "max_pool(2)",
    )
)  # fmt: skip
NEARLY = 1e-6  # added to the square: at a distance of 0 a root has no gradient


class PairDistance(nn.Module):
    """How far apart the two of each pair fall: (B, 2, D) → (B, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        squared = (x[:, 0] - x[:, 1]).square().sum(1, keepdim=True)
        return (squared + NEARLY).sqrt()


@register(
    "model",
    accepts={"classify"},
    takes=("TCHW",),
    example="siamese([conv2d(4, 3, padding=1), tanh], width=3)",
    name="siamese",
    loss="contrastive",
    year=1993,
    source="Bromley et al., Signature verification using a Siamese time delay neural network; loss: Hadsell et al. 2006",
    en="One network embeds both pictures of a pair; how far apart they fall says whether they show the same, even of strangers.",
    ko="네트워크 하나가 두 그림을 임베딩(embedding)한다. 둘의 거리가 같은 것인지를 말해 주며, 처음 보는 대상에도 통한다.",
    published=(),  # an embedding of any kind
    recipes=(
        Training(
            "digit_pairs",
            "siamese([random_shift(1), conv2d(32, 3, padding=1), batch_norm, relu, max_pool(2), conv2d(64, 3, padding=1), batch_norm, "
            "relu, max_pool(2)])",
            "adam(lr=0.002)", settings={"epochs": 10}, reaches=0.67,
        ),
        Training('digit_pairs(n=60000, of="mnist")', "siamese", "adam(lr=0.001)", settings={"epochs": 5}),
    ),
)  # fmt: skip
class Siamese(nn.Module):
    """Distances of pairs; (B, 2, *picture) → (B, 1).

    ``normalise``: embeddings of length 1, as FaceNet has them. Raises `ShapeError` for what is no pair, `RecipeError` for a loss that
    wants more than one output.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        layers: Sequence[Spec | str] = LAYERS,
        *,
        width: Annotated[int, Range(least=1)] = 32,
        normalise: bool = False,
    ) -> None:
        super().__init__()
        if outputs != 1:
            raise RecipeError(_ONE_DISTANCE, outputs=outputs)
        if len(inputs) < 2 or inputs[0] != 2:
            raise ShapeError(_NO_PAIR, inputs=inputs)
        modules, shape = stack(layers, inputs[1:])
        self.embedding = sequence(modules)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(prod(shape), width, bias=False)  # a bias would cancel in the difference
        self.normalise = normalise
        self.distance = PairDistance()

    def embed(self, x: Tensor) -> Tensor:
        """Where pictures fall: (B, *picture) → (B, width), of length 1 with ``normalise``."""
        x = self.head(self.flatten(self.embedding(x)))
        return F.normalize(x, dim=1) if self.normalise else x

    def forward(self, x: Tensor) -> Tensor:
        pairs = self.embed(x.flatten(0, 1)).unflatten(0, (len(x), 2))  # (B, 2, …) → (2B, …) → (B, 2, width)
        return self.distance(pairs)  # (B, 1)


_NO_PAIR = Text(
    "siamese expects pairs, (2, *picture), such as those of digit_pairs. Received: {inputs}.",
    "siamese는 digit_pairs처럼 쌍(2, *그림)을 받는다. 받은 것: {inputs}.",
)
_ONE_DISTANCE = Text(
    "siamese answers with one number, the distance of a pair. Received a loss that wants {outputs} outputs. Use contrastive.",
    "siamese는 쌍의 거리 하나로 답한다. 받은 손실 함수는 출력 {outputs}개를 원한다. contrastive를 쓴다.",
)
