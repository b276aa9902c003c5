"""A network written down as a list of layers.

    sequential([conv2d(6, 5, padding=2), tanh, avg_pool(2), flatten, linear(120), tanh])

    x ── conv2d_0 ── tanh_1 ── avg_pool_2 ── flatten_3 ── linear_4 ── tanh_5 ── (head: flatten, linear) ── y

Each layer is given the shape that comes out of the one before it, so none has to be told its inputs. A layer is named after its
brick and its place in the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.stack import sequence, stack
from whynet.models.card import Published, Training
from whynet.registry import register
from whynet.spec import Spec
from whynet.text import Text


@register(
    "model",
    accepts={"classify", "regress"},
    example="sequential([linear(16), batch_norm, residual([linear(16), relu]), concat([identity, tanh])])",
    en="A list of layers, run one after the other; each fits itself to what comes out of the one before.",
    ko="층의 목록을 차례로 실행한다. 각 층은 앞 층에서 나오는 모양에 스스로 맞춘다.",
    published=(
        Published(
            "sequential([conv2d(6, 5, padding=2), tanh, avg_pool(2), conv2d(16, 5), tanh, avg_pool(2), flatten, linear(120), tanh, "
            "linear(84), tanh, linear(10)])",
            (1, 28, 28), 10, 61_706, "LeNet-5 of LeCun et al. 1998 laid out of bricks",
        ),
    ),
    recipes=(
        Training(
            "digits",
            "sequential([conv2d(16, 3, padding=1), batch_norm, relu, max_pool(2), conv2d(32, 3, padding=1), batch_norm, relu, "
            "global_avg_pool])",
            "adam(lr=0.01)", settings={"epochs": 10, "schedule": "cosine"}, reaches=0.97,
        ),
    ),
)  # fmt: skip
class Sequential(nn.Module):
    """y = head(layer_n(… layer_0(x))); (B, *inputs) → (B, outputs).

    ``head``: what you write is the network; only where it does not end in ``(outputs,)`` is a head appended, a flatten where
    needed and a linear layer. True appends it in any case, False never. Raises `ShapeError` that names the layer that does not
    fit, or the shape of the answer.
    """

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, layers: Sequence[Spec | str], *, head: bool | None = None
    ) -> None:
        super().__init__()
        modules, shape = stack(layers, inputs)
        self.layers = sequence(modules)
        if head is False and shape != (outputs,):
            raise ShapeError(_NO_HEAD, expected=(outputs,), shape=shape, outputs=outputs)
        appended = head or shape != (outputs,)
        self.flatten = nn.Flatten() if appended and len(shape) != 1 else None
        self.head = nn.Linear(prod(shape), outputs) if appended else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(x)
        if self.flatten is not None:
            x = self.flatten(x)  # (B, …) → (B, D)
        return x if self.head is None else self.head(x)  # (B, outputs)


_NO_HEAD = Text(
    "sequential(head=False) expects layers that end in the shape {expected}. Received: {shape}. "
    "End with linear({outputs}), or leave out head=False.",
    "sequential(head=False)의 층은 모양 {expected:으로} 끝나야 한다. 받은 것: {shape}. "
    "linear({outputs})로 끝내거나 head=False를 뺀다.",
)
