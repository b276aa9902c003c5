"""Fully convolutional networks: classifiers that slide, the fusion of fine with coarse, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whynet.errors import OptionError, RecipeError, ShapeError
from whynet.models.build import build
from whynet.models.convolutionalise import convolutionalise
from whynet.models.fcn import FCN
from whynet.models.features import features

SMALL = 'fcn(stride={}, convolutions=[1, 2, 1], width=4, dense=8, window=3, norm="batch", dropout=0)'
CLASSIFIERS = [
    ("lenet5", (1, 28, 28)),
    ('vgg(depth=11, width=2, pools=3, norm="batch", dropout=0)', (3, 32, 32)),
    ("resnet(depth=8, width=4)", (3, 16, 16)),
    ("nin(width=8)", (3, 32, 32)),
    ('mlp(widths=[5], norm="batch")', (2, 6, 4)),
]


def _moved(module: nn.Module) -> nn.Module:
    """Running statistics as training would leave them."""
    for name, buffer in module.named_buffers():
        if name.endswith(("mean", "var")):
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    return module.eval()


# --- classifiers that slide ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spec", "inputs"), CLASSIFIERS, ids=[spec for spec, _ in CLASSIFIERS])
def test_on_a_picture_of_the_classifiers_size_the_answer_is_equal(spec: str, inputs: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    classifier = _moved(build(spec, inputs, 7)).double()
    before = {name: value.clone() for name, value in classifier.state_dict().items()}
    turned = convolutionalise(classifier, inputs)
    x = torch.randn(3, *inputs, dtype=torch.double)
    with torch.no_grad():
        torch.testing.assert_close(turned(x), classifier(x)[:, :, None, None])
        assert turned(torch.randn(1, inputs[0], inputs[1] + 32, inputs[2] + 16, dtype=torch.double)).shape[2] > 1
    assert list(turned.state_dict()) == list(before)
    for name, value in turned.state_dict().items():
        assert value.reshape(before[name].shape).equal(before[name]), name
    assert all(value.equal(before[name]) for name, value in classifier.state_dict().items())  # a copy was turned


def test_on_a_larger_picture_it_slides() -> None:
    """LeNet-5 on 32×32 pads nothing, so that every place answers as the classifier does on the window there."""
    classifier = build("lenet5", (1, 32, 32), 5).eval().double()
    turned = convolutionalise(classifier, (1, 32, 32))
    x = torch.randn(1, 1, 44, 40, dtype=torch.double)
    with torch.no_grad():
        found = turned(x)
        assert found.shape == (1, 5, 4, 3)
        for i in range(4):
            for j in range(3):
                window = x[:, :, 4 * i : 4 * i + 32, 4 * j : 4 * j + 32]
                torch.testing.assert_close(found[:, :, i, j], classifier(window))


class Flattens(nn.Module):
    """A classifier that flattens by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.flatten(1))


def test_what_cannot_slide_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"nn\.Flatten") as refusal:
        convolutionalise(Flattens(), (3, 2, 2))
    assert "펼치게" in refusal.value.message.show("ko")


# --- the network ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [8, 4, 2])
@pytest.mark.parametrize("size", [(32, 32), (19, 30), (5, 3)])
def test_every_pixel_is_answered_whatever_the_size(stride: int, size: tuple[int, int]) -> None:
    model = build(SMALL.format(stride), (3, *size), 4, "segment").eval()
    assert model(torch.randn(2, 3, *size)).shape == (2, 4, *size)


def test_it_is_what_its_formula_says() -> None:
    """Stride 2 of three stages: the scores of stage 2 and of stage 1, each added to what is twice as coarse."""
    torch.manual_seed(0)
    model = _moved(build(SMALL.format(2), (3, 16, 24), 4, "segment"))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # scores that are not zero
    state = model.state_dict()

    def conv(x: Tensor, name: str, padding: int = 0) -> Tensor:
        return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], padding=padding)

    def larger(x: Tensor, name: str, factor: int) -> Tensor:
        return F.conv_transpose2d(x, state[f"{name}.weight"], stride=factor, padding=factor // 2)

    x = torch.randn(2, 3, 16, 24)
    with torch.no_grad():
        one = model.get_submodule("stage1")(x)
        two = model.get_submodule("stage2")(one)
        three = model.get_submodule("stage3")(two)
        coarse = conv(conv(conv(three, "dense1", 1).relu(), "dense2").relu(), "head")  # (2, 4, 2, 3)
        middle = larger(coarse, "up2", 2) + conv(two, "score2")
        fine = larger(middle, "up1", 2) + conv(one, "score1")
        torch.testing.assert_close(model(x), larger(fine, "up", 2))


def test_it_begins_as_the_coarsest_one_enlarged() -> None:
    model = build(SMALL.format(2), (3, 32, 32), 4, "segment")
    x = torch.randn(2, 3, 32, 32)
    seen = features(model, x, ["head", "up2", "up1", "up"])
    ups = {name: model.get_submodule(name) for name in ("up2", "up1", "up")}
    with torch.no_grad():
        torch.testing.assert_close(seen["up"], ups["up"](ups["up1"](ups["up2"](seen["head"]))))
    model(x).square().mean().backward()
    assert all(model.get_submodule(name).weight.grad.any() for name in ("score2", "score1"))  # type: ignore[union-attr]


def test_it_starts_from_a_classifier() -> None:
    settings = 'width=2, norm="batch", dropout=0'
    vgg = build(f"vgg(depth=16, {settings})", (3, 224, 224), 10)
    model = build(f"fcn(stride=32, {settings})", (3, 64, 64), 4, "segment")
    assert isinstance(model, FCN)
    taken = model.start_from(vgg, (3, 224, 224))
    assert {name.split(".")[0] for name in taken} == {*(f"stage{n}" for n in range(1, 6)), "dense1", "dense2"}
    state, theirs = model.state_dict(), vgg.state_dict()
    assert all(state[name].reshape(theirs[name].shape).equal(theirs[name]) for name in taken)
    x = torch.randn(1, 3, 64, 64)
    first = vgg.get_submodule("stage1").eval()
    with torch.no_grad():
        torch.testing.assert_close(model.get_submodule("stage1").eval()(x), first(x))


@pytest.mark.parametrize(
    ("classifier", "words"),
    [("vgg(depth=16, width=4, dropout=0)", "Build both with equal width"), ("resnet(depth=8, width=4)", "Use a vgg")],
)
def test_another_classifier_is_refused(classifier: str, words: str) -> None:
    model = build("fcn(stride=32, width=2)", (3, 64, 64), 4, "segment")
    assert isinstance(model, FCN)
    with pytest.raises(ShapeError, match=words) as refusal:
        model.start_from(build(classifier, (3, 32, 32), 10), (3, 32, 32))
    assert "vgg" in refusal.value.message.show("ko") or "맞춘다" in refusal.value.message.show("ko")


def test_what_it_cannot_be_is_refused() -> None:
    with pytest.raises(OptionError, match="stride 16 is coarser"):
        build(SMALL.format(16), (3, 32, 32), 4)
    with pytest.raises(ShapeError, match="fcn expects pictures"):
        build(SMALL.format(2), (7,), 4)
    with pytest.raises(RecipeError, match="fcn does not do classification"):
        build(SMALL.format(2), (3, 32, 32), 4, "classify")
