"""LRCN: a convolutional network looks at each frame, a recurrent one follows what it saw.

    (T, C, H, W) ── frames: the same network for each ── (T, D) ── memory: LSTM ── (T, H) ── head ── (T, outputs) ── mean over T ── outputs

    φ_t = CNN(x_t)      h_t, c_t = LSTM(φ_t, h_{t-1}, c_{t-1})      y = 1/T Σ_t (W h_t + b)

The frames' network can see what is there, but not what happens: without the memory a video read backwards is the same video. The
memory carries what was seen before, so that its state says where things go. Every state answers, and the answers are averaged: the
paper averages probabilities, here it is the logits, which a loss can read.

``frames`` is any list of layers; the paper's is CaffeNet up to its first linear layer, this one a small network for small pictures.
Donahue, Hendricks, Guadarrama, Rohrbach, Venugopalan, Saenko and Darrell, Long-term recurrent convolutional networks for visual
recognition and description (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from torch import Tensor, nn

from whynet.errors import ShapeError
from whynet.layers.over_time import OverTime
from whynet.layers.per_frame import PerFrame
from whynet.layers.stack import layer, sequence, stack
from whynet.models.card import Training
from whynet.registry import Range, register
from whynet.spec import Spec, parse
from whynet.text import Text

FRAMES: tuple[Spec, ...] = tuple(
    parse(one)
    for one in (
        "conv2d(16, 5, stride=2, padding=2)", "batch_norm", "relu", "conv2d(32, 3, stride=2, padding=1)", "batch_norm", "relu",
        "flatten", "linear(64)", "batch_norm", "relu",
    )
)  # fmt: skip


@register(
    "model",
    accepts={"classify", "regress"},
    takes=("TCHW",),
    example="lrcn(frames=[conv2d(4, 3, padding=1), tanh, flatten, linear(6), tanh], units=5)",
    name="lrcn",
    year=2015,
    source="Donahue et al., Long-term recurrent convolutional networks for visual recognition and description",
    en="One network sees each frame, an LSTM remembers what came before: what happens in a video is in the order of its frames.",
    ko="한 네트워크가 프레임(frame)마다 보고, LSTM이 앞서 본 것을 기억한다: 비디오에서 일어나는 일은 프레임의 순서에 있다.",
    published=(),  # the paper states no count of weights
    recipes=(
        Training(
            "moving_shapes(n=8000)", "lrcn", "adam(lr=0.005)",
            settings={"epochs": 30, "batch_size": 32, "schedule": "cosine"}, reaches=0.85,
        ),
    ),
)  # fmt: skip
class LRCN(nn.Module):
    """Logits or values from videos; (B, T, C, H, W) → (B, outputs).

    ``frames``: the layers that look at one frame; what comes out of them is flattened. ``cell`` and ``units``: the memory; with
    ``cell="none"`` there is none, and no order is known. Raises `ShapeError` for what is no video, or too small for the layers.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        frames: Sequence[Spec | str] = FRAMES,
        *,
        cell: Literal["lstm", "gru", "rnn", "none"] = "lstm",
        units: Annotated[int, Range(least=1)] = 64,
        dropout: Annotated[float, Range(least=0, below=1)] = 0.0,
    ) -> None:
        super().__init__()
        if len(inputs) != 4:
            raise ShapeError(_NO_VIDEO, inputs=inputs)
        modules, seen = stack(frames, inputs[1:])
        if len(seen) != 1:
            modules["flatten"], seen = layer("flatten", seen)
        self.frames = PerFrame(sequence(modules))
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        memory = "identity" if cell == "none" else f"{cell}({units})"
        self.memory, (_, width) = layer(memory, (inputs[0], *seen))
        self.head = nn.Linear(width, outputs)
        self.pool = OverTime("mean")

    def forward(self, x: Tensor) -> Tensor:
        x = self.frames(x)  # (B, T, C, H, W) → (B, T, D)
        x = self.memory(self.dropout(x))  # (B, T, H)
        return self.pool(self.head(x))  # (B, T, outputs) → (B, outputs)


_NO_VIDEO = Text(
    "lrcn expects videos, (frames, channels, height, width). Received: {inputs}. "
    "Use a network for pictures, such as lenet5, or mlp, which takes any shape.",
    "lrcn은 비디오를 받는다: (프레임 수, 채널, 높이, 너비). 받은 것: {inputs}. "
    "lenet5처럼 그림을 받는 네트워크나, 모양을 가리지 않는 mlp를 쓴다.",
)
