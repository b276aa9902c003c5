"""AlexNet, VGG, network in network, GoogLeNet, ResNet and DenseNet: against references, against their own bricks, and refused sizes."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import nn

from whynet.errors import OptionError, ShapeError
from whynet.layers.stack import shape_after
from whynet.models.build import build
from whynet.models.resnet import ResNet
from whynet.registry import get
from whynet.text import use_language

SMALL = {  # each with the smallest picture it takes
    "alexnet(width=1)": 63,
    'alexnet(width=2, variant="paper")': 63,
    'alexnet(width=1, stem="3x3")': 5,
    "vgg(width=1, depth=11)": 32,
    "vgg(width=1, depth=11, pools=3)": 8,
    "nin(width=1)": 3,
    "googlenet(width=1)": 31,
    'googlenet(width=1, stem="3x3", variant="paper")': 8,
    "resnet(width=1, depth=18)": 17,
    'resnet(width=1, depth=18, stem="3x3")': 5,
    "resnet(width=1, depth=8)": 3,
    'resnet(width=1, depth=8, stem="7x7")': 9,
    "densenet(growth=1, width=1, depth=121)": 29,
    'densenet(growth=1, width=1, depth=121, stem="3x3")': 8,
    "densenet(growth=1, width=1, depth=10)": 4,
}
NAMES = ("alexnet", "vgg", "nin", "googlenet", "resnet", "densenet")


# --- against transformers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "kind"), [(18, "basic"), (50, "bottleneck")])
def test_resnet_is_that_of_transformers(depth: int, kind: str) -> None:
    transformers = pytest.importorskip("transformers")
    expansion = 4 if kind == "bottleneck" else 1
    config = transformers.ResNetConfig(
        embedding_size=4,
        hidden_sizes=[4 * expansion * 2**i for i in range(4)],
        depths=[2, 2, 2, 2] if depth == 18 else [3, 4, 6, 3],
        layer_type=kind,
        num_labels=5,
    )
    torch.manual_seed(0)
    theirs = transformers.ResNetForImageClassification(config).eval()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):  # as training would leave them
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    mine = build(f"resnet(depth={depth}, width=4)", (3, 40, 33), 5).eval()
    mine.load_state_dict({_ours(name): tensor for name, tensor in theirs.state_dict().items()})
    x = torch.randn(2, 3, 40, 33)
    with torch.no_grad():
        expected = theirs(x).logits
        assert expected.std() > 0.01  # something to compare
        torch.testing.assert_close(mine(x), expected, rtol=1e-4, atol=1e-4)


def _ours(name: str) -> str:
    """The name of a weight of transformers' ResNet in ours."""
    name = name.replace("convolution", "conv").replace("normalization", "norm").replace("classifier.1", "head")
    name = name.replace("resnet.embedder.embedder.", "stem.")
    found = re.fullmatch(
        r"resnet\.encoder\.stages\.(\d)\.layers\.(\d+)\.(?:layer\.(\d)\.(conv|norm)|(shortcut\.\w+))\.(\w+)", name
    )
    if not found:
        return name
    stage, block, place, part, shortcut, weight = found.groups()
    return f"stage{int(stage) + 1}.{block}.{shortcut or f'{part}{int(place) + 1}'}.{weight}"


# --- against their bricks, laid in a row -------------------------------------------------------------------------------

BRICKS = {
    "resnet(depth=14, width=2)": (
        "conv2d(2, 3, padding=1, bias=False), batch_norm, relu, basic_block(2), basic_block(2), "
        'basic_block(4, stride=2, shortcut="A"), basic_block(4), basic_block(8, stride=2, shortcut="A"), basic_block(8), '
        "global_avg_pool"
    ),
    'resnet(depth=50, width=1, stem="3x3")': (
        "conv2d(1, 3, padding=1, bias=False), batch_norm, relu, "
        + ", ".join(
            f"bottleneck({2**stage}, stride={2 if stage and not place else 1})"
            for stage, count in enumerate((3, 4, 6, 3))
            for place in range(count)
        )
        + ", global_avg_pool"
    ),
    "densenet(depth=16, growth=3)": (
        "conv2d(6, 3, padding=1, bias=False), dense_block(2, 3), transition, dense_block(2, 3), transition, dense_block(2, 3), "
        "batch_norm, relu, global_avg_pool"
    ),
    'vgg(depth=16, width=1, pools=3, norm="batch", dropout=0)': (
        'vgg_block(2, 1, norm="batch"), vgg_block(2, 2, norm="batch"), vgg_block(3, 4, norm="batch"), '
        'vgg_block(3, 8, norm="batch", pool=False), vgg_block(3, 8, norm="batch", pool=False), '
        "flatten, linear(64), relu, linear(64), relu"
    ),
    'alexnet(variant="paper", width=6, stem="3x3", dropout=0)': (
        "conv2d(6, 3, padding=1), relu, local_response_norm, max_pool(3, stride=2, padding=1), "
        "conv2d(16, 5, padding=2, groups=2), relu, local_response_norm, max_pool(3, stride=2, padding=1), "
        "conv2d(24, 3, padding=1), relu, conv2d(24, 3, padding=1, groups=2), relu, conv2d(16, 3, padding=1, groups=2), relu, "
        "max_pool(3, stride=2, padding=1), flatten, linear(256), relu, linear(256), relu"
    ),
    "nin(width=6, dropout=0)": (
        "mlpconv([6, 5, 3], 5), max_pool(3, stride=2, padding=1), mlpconv([6, 6, 6], 5), avg_pool(3, stride=2, padding=1), "
        "mlpconv([6], 3), mlpconv([6], 1), conv2d(3, 1), global_avg_pool"
    ),
}


@pytest.mark.parametrize("spec", BRICKS)
def test_a_network_is_its_bricks_in_a_row(spec: str) -> None:
    torch.manual_seed(0)
    mine, row = (build(one, (2, 9, 12), 3).eval() for one in (spec, f"sequential([{BRICKS[spec]}])"))
    assert [p.shape for p in mine.parameters()] == [p.shape for p in row.parameters()]
    with torch.no_grad():
        for own, other in zip(row.parameters(), mine.parameters(), strict=True):
            own.copy_(other)
        x = torch.randn(4, 2, 9, 12)
        torch.testing.assert_close(mine(x), row(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("variant", ["torchvision", "paper"])
def test_googlenet_is_its_bricks_in_a_row(variant: str) -> None:
    norm, large = ("None", 5) if variant == "paper" else ('"batch"', 3)
    table = get("model", "googlenet").make.__init__.__globals__["STAGES"]

    def of(filters: int) -> int:
        return max(1, round(filters / 32))

    rows = [
        f"inception({of(one)}, [{of(three[0])}, {of(three[1])}], [{of(five[0])}, {of(five[1])}], {of(pool)}, "
        f"norm={norm}, large={large})"
        for stage in table
        for one, three, five, pool in stage.values()
    ]
    torch.manual_seed(0)
    model = build(f'googlenet(width=2, variant="{variant}")', (3, 32, 32), 3).eval()
    row = build(f"sequential([{', '.join(rows)}, global_avg_pool], head=True)", (6, 4, 4), 3).eval()
    with torch.no_grad():
        blocks = [p for name, p in model.named_parameters() if not name.startswith("stem")]
        for own, other in zip(row.parameters(), blocks, strict=True):
            own.copy_(other)
        x = torch.randn(2, 6, 4, 4)
        h = x
        for stage in (model.stage1, model.stage2, model.stage3):
            for name, block in stage.named_children():
                h = h if name == "pool" else block(h)
        torch.testing.assert_close(model.head(h.mean((2, 3))), row(x), rtol=1e-5, atol=1e-6)


# --- what comes out of each stage --------------------------------------------------------------------------------------

SHAPES = {  # from the papers' tables
    "alexnet": [(64, 27, 27), (192, 13, 13), (384, 13, 13), (256, 13, 13), (256, 6, 6)],
    'alexnet(variant="paper")': [(96, 27, 27), (256, 13, 13), (384, 13, 13), (384, 13, 13), (256, 6, 6)],
    "vgg(depth=16)": [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)],
    "googlenet": [(192, 28, 28), (480, 14, 14), (832, 7, 7), (1024, 7, 7)],
    'googlenet(variant="paper")': [(192, 28, 28), (480, 14, 14), (832, 7, 7), (1024, 7, 7)],
    "resnet(depth=50)": [(64, 56, 56), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7)],
    "resnet(depth=34)": [(64, 56, 56), (64, 56, 56), (128, 28, 28), (256, 14, 14), (512, 7, 7)],
    "densenet(depth=121)": [(64, 56, 56), (128, 28, 28), (256, 14, 14), (512, 7, 7), (1024, 7, 7)],
}


@pytest.mark.parametrize("spec", SHAPES)
def test_the_stages_have_the_published_shapes(spec: str) -> None:
    with torch.device("meta"):
        model = build(spec, (3, 224, 224), 1000)
    shape: tuple[int, ...] = (3, 224, 224)
    found = []
    for name, stage in model.named_children():
        if name.startswith("st"):  # stem and stages, named in the order of the forward pass
            shape = shape_after(stage, shape)
            found.append(shape)
    assert found == SHAPES[spec]
    assert list(model._modules)[-1] == "head"


# --- sizes that are taken, and those that are not ----------------------------------------------------------------------


@pytest.mark.parametrize("spec", SMALL)
def test_the_smallest_picture_is_taken_and_a_smaller_one_refused(spec: str) -> None:
    smallest = SMALL[spec]
    with torch.device("meta"):
        for inputs in ((1, smallest, smallest), (3, smallest + 9, smallest)):
            assert build(spec, inputs, 3)(torch.zeros(2, *inputs)).shape == (2, 3)
        for inputs in ((1, smallest - 1, 80), (3, 80, smallest - 1)):
            with pytest.raises(ShapeError, match=f"sides of at least {smallest}"):
                build(spec, inputs, 3)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_picture_is_sent_to_an_mlp(name: str) -> None:
    with pytest.raises(ShapeError, match=r"\(784,\).*mlp") as caught:
        build(name, (784,), 10)
    with use_language("ko"):
        assert "각 변은" in str(caught.value)


@pytest.mark.parametrize(("spec", "said"), [("resnet(depth=19)", "18, 34, 50, 101, 152"), ("densenet(depth=50)", "121, 161")])
def test_a_depth_that_does_not_exist_is_refused(spec: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        build(spec, (3, 64, 64), 3)


# --- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [18, 50])
def test_with_zero_gamma_every_block_begins_as_its_shortcut(depth: int) -> None:
    model = build(f"resnet(depth={depth}, width=2, zero_gamma=True)", (3, 32, 32), 4)
    assert isinstance(model, ResNet)
    x = torch.rand(3, 2 if depth == 18 else 8, 8, 8)  # positive, as what comes out of a relu
    assert torch.equal(model.stage1[1](x), x)
    assert not torch.equal(build(f"resnet(depth={depth}, width=2)", (3, 32, 32), 4).stage1[1](x), x)


def test_resnet_is_drawn_after_he() -> None:
    torch.manual_seed(0)
    model = build("resnet(depth=34, width=16)", (3, 32, 32), 4)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 4 and parameter.numel() > 2000:
            expected = math.sqrt(2 / (parameter.shape[0] * parameter.shape[2] * parameter.shape[3]))  # fan out
            assert abs(float(parameter.detach().std()) / expected - 1) < 5 / math.sqrt(2 * parameter.numel()), name


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_augmented_in_training_only(name: str) -> None:
    spec = str(get("model", name).facts["example"])[:-1]
    torch.manual_seed(0)
    plain = build(f"{spec})", (1, 8, 8), 3)
    model = build(f"{spec}, augment=[random_flip(1.0)])", (1, 8, 8), 3)
    model.load_state_dict(plain.state_dict())
    x = torch.randn(4, 1, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(model(x), plain(x.flip(-1)))
        assert torch.equal(model.eval()(x), plain.eval()(x))
    with pytest.raises(ShapeError, match=r"keep the shape.*\(1, 8, 8\) in, \(1, 4, 4\) out"):
        build(f"{spec}, augment=[max_pool(2)])", (1, 8, 8), 3)


def test_the_towers_of_alexnet_see_only_their_own_half() -> None:
    model = build('alexnet(variant="paper", width=12, stem="3x3")', (1, 8, 8), 3)
    x = torch.randn(1, 12, 4, 4)
    other = x.clone()
    other[:, 6:] = 0
    with torch.no_grad():
        before, after = model.stage2.conv(x), model.stage2.conv(other)
    assert torch.equal(before[:, :16], after[:, :16])
    assert not torch.equal(before[:, 16:], after[:, 16:])
