"""Weights from files: every layout against the network that it is of, and everything that does not fit said so."""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from whynet.errors import WeightsError
from whynet.models.build import build
from whynet.models.pretrained.layouts import layouts
from whynet.models.pretrained.loading import begin_with, fill, head_of
from whynet.models.pretrained.reading import read, standing_in

_spec = importlib.util.spec_from_file_location("named_elsewhere", Path(__file__).with_name("named_elsewhere.py"))
assert _spec
assert _spec.loader
elsewhere = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(elsewhere)

RGB, CLOSE = (3, 32, 32), {"rtol": 1e-4, "atol": 1e-4}


def _resnet_of_transformers(kind: str, widths: list[int], depths: list[int]) -> nn.Module:
    transformers = pytest.importorskip("transformers")
    config = transformers.ResNetConfig(
        embedding_size=4, hidden_sizes=widths, depths=depths, layer_type=kind, num_labels=5, downsample_in_first_stage=False
    )
    return transformers.ResNetForImageClassification(config)  # type: ignore[no-any-return]


def _vit_of_transformers() -> nn.Module:
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=32, patch_size=8,
        num_labels=5, hidden_act="gelu",
    )  # fmt: skip
    return transformers.ViTForImageClassification(config)  # type: ignore[no-any-return]


VIT = "vit(patch=8, width=16, depth=2, heads=4)"
CASES: dict[str, tuple[str, tuple[int, ...], Callable[[], nn.Module]]] = {  # by layout and variant: ours, its inputs, theirs
    "resnet (torchvision, timm) 18": ("resnet(depth=18, width=4)", RGB, lambda: elsewhere.ResNet(elsewhere.BasicBlock, (2, 2, 2, 2), 4)),
    "resnet (torchvision, timm) 50": ("resnet(depth=50, width=2)", RGB, lambda: elsewhere.ResNet(elsewhere.Bottleneck, (3, 4, 6, 3), 2)),
    "resnet (transformers) 18": (
        "resnet(depth=18, width=4)", RGB, lambda: _resnet_of_transformers("basic", [4, 8, 16, 32], [2, 2, 2, 2]),
    ),
    "resnet (transformers) 50": (
        "resnet(depth=50, width=4)", RGB, lambda: _resnet_of_transformers("bottleneck", [16, 32, 64, 128], [3, 4, 6, 3]),
    ),
    "alexnet (torchvision)": ("alexnet(width=2)", (3, 63, 63), lambda: elsewhere.AlexNet((2, 6, 12, 8, 8), 128)),
    "vgg (torchvision) 11": ("vgg(depth=11, width=2)", RGB, lambda: elsewhere.VGG(11, 2, False)),
    "vgg (torchvision) 13 norm": ('vgg(depth=13, width=2, norm="batch")', RGB, lambda: elsewhere.VGG(13, 2, True)),
    "vgg (torchvision) 16": ("vgg(depth=16, width=2)", RGB, lambda: elsewhere.VGG(16, 2, False)),
    "vgg (torchvision) 19 norm": ('vgg(depth=19, width=2, norm="batch")', RGB, lambda: elsewhere.VGG(19, 2, True)),
    "vgg (timm) 11": ("vgg(depth=11, width=2)", RGB, lambda: elsewhere.TimmVGG(11, 2, False)),
    "vgg (timm) 16 norm": ('vgg(depth=16, width=2, norm="batch")', RGB, lambda: elsewhere.TimmVGG(16, 2, True)),
    "densenet (torchvision, timm)": ("densenet(depth=121, growth=4)", RGB, lambda: elsewhere.DenseNet(4, (6, 12, 24, 16))),
    "googlenet (torchvision)": ("googlenet(width=8)", RGB, lambda: elsewhere.GoogLeNet(8)),
    "vit (torchvision)": (VIT, RGB, lambda: elsewhere.VisionTransformer(8, 16, 2, 4, 16)),
    "vit (timm)": (VIT, RGB, lambda: elsewhere.TimmViT(8, 16, 2, 4, 16)),
    "vit (transformers)": (VIT, RGB, _vit_of_transformers),
    "lenet5 (PyTorch's tutorial)": ("lenet5", (1, 32, 32), elsewhere.Tutorial),
}  # fmt: skip


def test_every_layout_has_a_twin() -> None:
    assert {str(layout) for layout in layouts()} == {name[: name.index(")") + 1] for name in CASES}


def pictures(*shape: int) -> Tensor:
    return torch.randn(3, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", CASES)
def test_the_outputs_are_the_same(name: str, tmp_path: Path) -> None:
    spec, inputs, make = CASES[name]
    theirs, ours = elsewhere.drawn(make()), build(spec, inputs, 5)
    x = pictures(*inputs)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    assert begin_with(tmp_path / "theirs.pt", ours) == []
    with torch.no_grad():
        expected = theirs(x)
        expected = getattr(expected, "logits", expected)
        assert expected.std() > 0.01  # or the rest would say little
        torch.testing.assert_close(ours.eval()(x), expected, **CLOSE)


@pytest.mark.parametrize("make", [lambda: _resnet_of_transformers("basic", [4, 8, 16, 32], [2, 2, 2, 2]), _vit_of_transformers])
def test_what_transformers_saves_is_read(make: Callable[[], nn.Module], tmp_path: Path) -> None:
    """Its files still have the names of version 4, which its modules no longer have."""
    theirs: Any = elsewhere.drawn(make())
    theirs.save_pretrained(tmp_path)
    ours = build(VIT if theirs.config.model_type == "vit" else "resnet(depth=18, width=4)", RGB, 5).eval()
    assert begin_with(tmp_path / "model.safetensors", ours) == []
    with torch.no_grad():
        torch.testing.assert_close(ours(pictures(*RGB)), theirs(pictures(*RGB)).logits, **CLOSE)


def test_the_older_names_of_densenet() -> None:
    theirs = elsewhere.drawn(elsewhere.DenseNet(4, (6, 12, 24, 16)))
    older = {
        name.replace("norm1.", "norm.1.").replace("conv1.", "conv.1.").replace("norm2.", "norm.2.").replace("conv2.", "conv.2.")
        if "denselayer" in name
        else name: value
        for name, value in theirs.state_dict().items()
    }
    assert older.keys() != theirs.state_dict().keys()
    ours = build("densenet(depth=121, growth=4)", RGB, 5).eval()
    assert fill(ours, older) == []
    with torch.no_grad():
        torch.testing.assert_close(ours(pictures(*RGB)), theirs(pictures(*RGB)), **CLOSE)


# --- the head --------------------------------------------------------------------------------------------------------


def test_a_head_of_other_classes_is_left_as_it_was_and_that_is_said() -> None:
    theirs, ours = (
        elsewhere.drawn(elsewhere.ResNet(elsewhere.BasicBlock, (2, 2, 2, 2), 4, classes=7)),
        build("resnet(depth=18, width=4)", RGB, 5),
    )
    before = ours.head.weight.clone()  # type: ignore[union-attr, operator]
    [note] = fill(ours, theirs.state_dict(), "folder/resnet18.pt")
    assert str(note) == (
        "resnet18.pt is for 7 classes and the task has 5: head begins as initialised, all else with the file's weights."
    )
    assert torch.equal(ours.head.weight, before)  # type: ignore[arg-type, union-attr]
    assert torch.equal(ours.get_parameter("stage4.1.conv2.weight"), theirs.get_parameter("layer4.1.conv2.weight"))


def test_a_base_without_a_head() -> None:
    weights = {
        name.removeprefix("vit."): v for name, v in _vit_of_transformers().state_dict().items() if "classifier" not in name
    }
    weights["pooler.dense.weight"] = torch.zeros(16, 16)
    [note] = fill(build(VIT, RGB, 5), weights)
    assert "no weights for head" in str(note)


def test_the_head_of_other_networks_is_their_last_layer() -> None:
    assert head_of(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4), nn.BatchNorm1d(4))) == "2"
    assert head_of(nn.ReLU()) == ""


def test_a_head_of_another_width_is_no_matter_of_classes() -> None:
    with pytest.raises(WeightsError, match="3×8 → 4×9"):
        fill(nn.Sequential(nn.Linear(2, 8), nn.Linear(9, 4)), nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 3)).state_dict())


# --- own names -------------------------------------------------------------------------------------------------------


def test_a_module_of_the_users_own_takes_its_own_names_even_where_a_library_has_them_too() -> None:
    theirs, mine = (
        elsewhere.drawn(elsewhere.ResNet(elsewhere.BasicBlock, (2, 2, 2, 2), 4)),
        elsewhere.ResNet(elsewhere.BasicBlock, (2, 2, 2, 2), 4),
    )
    assert fill(mine, theirs.state_dict()) == []
    assert all(torch.equal(a, b) for a, b in zip(mine.state_dict().values(), theirs.state_dict().values(), strict=True))
    [_] = fill(mine, {name: value for name, value in theirs.state_dict().items() if not name.startswith("fc.")})


@pytest.mark.parametrize("wrap", ["state_dict", "model", "model_state_dict", None])
def test_what_training_scripts_save(wrap: str | None, tmp_path: Path) -> None:
    source, target = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    weights = {f"module.{name}": value for name, value in source.state_dict().items()}  # as DataParallel names them
    torch.save({wrap: weights, "epoch": 3} if wrap else weights, tmp_path / "x.ckpt")
    assert begin_with(tmp_path / "x.ckpt", target) == []
    assert torch.equal(target[0].weight, source[0].weight)


def test_half_precision_is_widened() -> None:
    module = nn.Linear(2, 3)
    fill(module, {"weight": torch.ones(3, 2).half(), "bias": torch.ones(3).bfloat16()})
    assert module.weight.dtype == torch.float32
    assert module.bias.tolist() == [1.0] * 3


def test_one_weight_with_two_names_is_needed_once() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[1].weight = module[0].weight
    assert fill(module, {"0.weight": torch.ones(2, 2), "0.bias": torch.zeros(2), "1.bias": torch.zeros(2)}) == []


# --- what does not fit -----------------------------------------------------------------------------------------------


def test_an_unknown_name_with_the_nearest_of_ours() -> None:
    weights = build("lenet5", (1, 28, 28), 5).state_dict()
    weights["dense11.weight"] = weights.pop("dense1.weight")
    with pytest.raises(WeightsError) as raised:
        fill(build("lenet5", (1, 28, 28), 5), weights)
    assert "Unknown to the model, 1: dense11.weight (≈ dense1.weight)" in str(raised.value)
    assert "Missing in the file, 1: dense1.weight" in str(raised.value)


def test_unknown_names_are_told_as_the_file_has_them() -> None:
    deeper = elsewhere.ResNet(elsewhere.BasicBlock, (2, 2, 2, 3), 4).state_dict()
    with pytest.raises(
        WeightsError, match=r"read as resnet \(torchvision, timm\).*Unknown to the model, 12: layer4\.2\.conv1"
    ) as r:
        fill(build("resnet(depth=18, width=4)", RGB, 5), deeper)
    assert "Missing" not in str(r.value)


def test_wrong_shapes() -> None:
    with pytest.raises(WeightsError, match=r"stem\.conv\.weight 4×3×7×7 → 4×1×7×7"):
        fill(
            build("resnet(depth=18, width=4)", (1, 32, 32), 5),
            elsewhere.ResNet(elsewhere.BasicBlock, (2, 2, 2, 2), 4).state_dict(),
        )


def test_weights_of_another_family() -> None:
    with pytest.raises(WeightsError, match=r"those of resnet \(torchvision, timm\), and the model is ViT"):
        fill(build(VIT, RGB, 5), elsewhere.ResNet(elsewhere.BasicBlock, (2, 2, 2, 2), 4).state_dict())


def test_nothing_is_changed_where_something_does_not_fit() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(WeightsError):
        fill(module, {"0.weight": torch.ones(3, 2), "1.weight": torch.ones(4, 3)})
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


class _Unsafe:
    def __reduce__(self) -> Any:
        raise_here: Any = print
        return raise_here, ("run",)


def test_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_file({"weight": torch.ones(2)}, tmp_path / "resnet18.safetensors")
    with pytest.raises(WeightsError, match=r"no file of weights at .*Did you mean resnet18\.safetensors\?"):
        read(tmp_path / "resnet8.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "resnet18.safetensors").read_bytes()[:20])
    (tmp_path / "cut.pt").write_bytes(b"PK\3\4nothing")
    for name in ("cut.safetensors", "cut.pt"):
        with pytest.raises(WeightsError, match="damaged"):
            read(tmp_path / name)
    with pytest.raises(WeightsError, match=r"Expected weights as \.safetensors"):
        read(Path(__file__))
    torch.save({"weight": _Unsafe()}, tmp_path / "unsafe.pt")
    with pytest.raises(WeightsError, match="Python objects"):
        read(tmp_path / "unsafe.pt")
    assert capsys.readouterr().out == ""  # nothing was run
    torch.save({"epoch": 3, "optimizer": {"lr": 0.1}}, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match=r"Received: \{epoch: int, optimizer: dict\}"):
        read(tmp_path / "other.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(WeightsError):
        read(tmp_path / "plain.pt")


def test_a_copy_stands_in_for_a_file_that_is_gone(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(2)}, tmp_path / "copy.safetensors")
    with standing_in({"/gone/a.pt": tmp_path / "copy.safetensors"}):
        assert read("/gone/a.pt")["weight"].tolist() == [1.0, 1.0]
    with pytest.raises(WeightsError):
        read("/gone/a.pt")
