"""What the networks for pictures ask of their input."""

from __future__ import annotations

from whynet.errors import ShapeError
from whynet.text import Text


def check_picture(name: str, inputs: tuple[int, ...], smallest: int, mend: Text) -> None:
    """Nothing for pictures (C, H, W) with sides of at least ``smallest``; else a `ShapeError` that ends with how to mend it."""
    if len(inputs) != 3 or min(inputs[1:]) < smallest:
        raise ShapeError(_NO_PICTURE, name=name, smallest=smallest, inputs=inputs, mend=mend)


SMALLER_STEM = Text(
    'Use larger pictures, stem="3x3" for small ones, or mlp, which takes any shape.',
    '더 큰 그림을 쓰거나, 작은 그림에는 stem="3x3"을 쓰거나, 모양을 가리지 않는 mlp를 쓴다.',
)
LARGER = Text("Use pictures that large, or mlp, which takes any shape.", "더 큰 그림을 쓰거나, 모양을 가리지 않는 mlp를 쓴다.")
_NO_PICTURE = Text(
    "{name} expects pictures, (channels, height, width) with sides of at least {smallest}. Received: {inputs}. {mend}",
    "{name:은} 그림을 받는다: (채널, 높이, 너비), 각 변은 {smallest} 이상. 받은 것: {inputs}. {mend}",
)
