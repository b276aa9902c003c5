"""The Vision Transformer against transformers' on copied weights, its open maps, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from whynet.errors import ShapeError
from whynet.models.build import build
from whynet.models.features import features

SMALL = "vit(patch=2, width=8, depth=2, heads=2)"


def test_logits_and_maps_agree_with_transformers_on_copied_weights() -> None:
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=8, patch_size=2,
        num_channels=3, num_labels=5, layer_norm_eps=1e-6, attn_implementation="eager",
    )  # fmt: skip
    theirs = ViTForImageClassification(config).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(torch.randn_like(parameter) / 3)
    own = build(SMALL, (3, 8, 8), 5).eval()
    given = dict(theirs.named_parameters())
    state: dict[str, Tensor] = {}
    stem, block = "vit.embeddings.", "vit.layers.{i}."
    state["stem.class_token"], state["stem.position"] = given[stem + "cls_token"], given[stem + "position_embeddings"]
    for kind in ("weight", "bias"):
        state[f"stem.project.{kind}"] = given[f"{stem}patch_embeddings.projection.{kind}"]
        state[f"norm.{kind}"], state[f"head.{kind}"] = given[f"vit.layernorm.{kind}"], given[f"classifier.{kind}"]
        for i in range(2):
            at = block.format(i=i)
            state[f"blocks.{i}.attention.qkv.{kind}"] = torch.cat([given[f"{at}attention.{c}_proj.{kind}"] for c in "qkv"])
            state[f"blocks.{i}.attention.out.{kind}"] = given[f"{at}attention.o_proj.{kind}"]
            state[f"blocks.{i}.norm1.{kind}"] = given[f"{at}layernorm_before.{kind}"]
            state[f"blocks.{i}.norm2.{kind}"] = given[f"{at}layernorm_after.{kind}"]
            state[f"blocks.{i}.up.{kind}"], state[f"blocks.{i}.down.{kind}"] = (given[f"{at}mlp.fc{n}.{kind}"] for n in (1, 2))
    own.load_state_dict(state)
    x = torch.randn(3, 3, 8, 8)
    with torch.no_grad():
        expected = theirs(x, output_attentions=True)
        torch.testing.assert_close(own(x), expected.logits, rtol=0, atol=1e-4)
    maps = features(own, x, "blocks.?.attention.weights")
    assert list(maps) == ["blocks.0.attention.weights", "blocks.1.attention.weights"]
    for found, wanted in zip(maps.values(), expected.attentions, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4)


def test_a_named_size_may_be_changed_in_one_dimension() -> None:
    with torch.device("meta"):
        tiny, deeper = (build(spec, (3, 16, 16), 2) for spec in ('vit(size="Ti")', 'vit(size="Ti", depth=13)'))
    assert len(tiny.blocks) == 12  # type: ignore[arg-type]
    assert len(deeper.blocks) == 13  # type: ignore[arg-type]
    assert tiny.head.in_features == deeper.head.in_features == 192  # type: ignore[union-attr]


def test_weights_begin_small_whatever_torch_would_draw() -> None:
    model = build("vit(patch=2, width=64, depth=1, heads=2)", (1, 8, 8), 3)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any(), name
        elif parameter.ndim >= 2 and parameter.numel() > 200:
            assert 0.015 < float(parameter.detach().std()) < 0.02, name  # N(0, 0.02²) without its tails: 0.0176


@pytest.mark.parametrize(
    ("spec", "shape", "says"),
    [("vit", (1, 8, 8), "patch 16"), (SMALL, (6,), "(6,)"), ("vit(patch=2, width=9, heads=2)", (1, 8, 8), "width 9, heads 2")],
)
def test_what_it_cannot_take_is_refused(spec: str, shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(ShapeError) as error:
        build(spec, shape, 3)
    assert says in str(error.value)
