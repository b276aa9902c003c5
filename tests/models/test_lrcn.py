"""LRCN against the same network written with torch.nn alone, and against a network without a memory."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from whynet.errors import ShapeError
from whynet.models.build import build

SPEC = "lrcn(frames=[conv2d(3, 3), relu, flatten, linear(5)], units=4)"


def test_it_is_a_network_for_frames_an_lstm_and_the_mean_of_its_answers() -> None:
    own = build(SPEC, (6, 2, 5, 5), 3).eval()
    state = own.state_dict()
    convolve, see = nn.Conv2d(2, 3, 3), nn.Linear(27, 5)
    remember, answer = nn.LSTM(5, 4, batch_first=True), nn.Linear(4, 3)
    for module, at in ((convolve, "frames.body.conv2d_0."), (see, "frames.body.linear_3."), (answer, "head.")):
        module.load_state_dict({name: state[at + name] for name in ("weight", "bias")})
    remember.load_state_dict(
        {f"{name}_l0": state["memory." + name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    )
    videos = torch.randn(2, 6, 2, 5, 5)
    seen = torch.stack([torch.stack([see(convolve(frame[None]).relu().flatten(1))[0] for frame in video]) for video in videos])
    expected = torch.stack([torch.stack([answer(h) for h in states]).mean(0) for states in remember(seen)[0]])
    torch.testing.assert_close(own(videos), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("cell", "knows_order"), [("lstm", True), ("gru", True), ("rnn", True), ("none", False)])
def test_only_a_memory_knows_the_order_of_frames(cell: str, knows_order: bool) -> None:
    model = build(f'lrcn(frames=[conv2d(3, 3), relu], units=4, cell="{cell}")', (6, 1, 5, 5), 3).eval()
    videos = torch.randn(2, 6, 1, 5, 5)
    there, back = model(videos), model(videos.flip(1))
    assert torch.allclose(there, back, atol=1e-6) is not knows_order


def test_what_is_no_video_is_refused() -> None:
    with pytest.raises(ShapeError) as error:
        build("lrcn", (1, 28, 28), 3)
    assert "Received: (1, 28, 28)" in str(error.value)
