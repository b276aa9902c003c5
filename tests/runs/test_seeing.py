"""What a network sees: each measure against a slow twin, or a network whose answer is known."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from whynet.errors import ShapeError, UnknownNameError
from whynet.layers.self_attention import SelfAttention
from whynet.models.build import build
from whynet.runs.seeing.attention import attention, over_picture, places_seen
from whynet.runs.seeing.embedding import embedding, head_of, neighbours_alike, tsne
from whynet.runs.seeing.maps import feature_maps, filters
from whynet.runs.seeing.objects import match, surest
from whynet.runs.seeing.occlusion import occlusion
from whynet.runs.seeing.saliency import half_of, saliency


@pytest.fixture(scope="module")
def net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build("lenet5(activation='tanh')", (3, 12, 12), 4)


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return torch.rand(3, 3, 12, 12, generator=torch.Generator().manual_seed(1))


# --- saliency ------------------------------------------------------------------------------------------------------------


def test_saliency_is_the_slope_of_the_score(net: nn.Module, pictures: Tensor) -> None:
    net, x, wanted = copy.deepcopy(net).double(), pictures.double(), torch.tensor([0, 3, 1])
    found = saliency(net, x, wanted)
    for n, row, column in ((0, 5, 5), (1, 0, 11), (2, 7, 3)):
        slopes = []
        for channel in range(3):  # by finite differences, one number at a time
            ends = []
            for step in (1e-5, -1e-5):
                moved = x[n : n + 1].clone()
                moved[0, channel, row, column] += step
                ends.append(float(net(moved)[0, wanted[n]].detach()))
            slopes.append(abs(ends[0] - ends[1]) / 2e-5)
        assert float(found[n, row, column]) == pytest.approx(max(slopes), rel=1e-4, abs=1e-9)


def test_saliency_takes_the_answer_where_no_class_is_named(net: nn.Module, pictures: Tensor) -> None:
    answers = net.eval()(pictures).argmax(dim=1)
    assert torch.equal(saliency(net, pictures), saliency(net, pictures, answers))
    with torch.no_grad():
        assert saliency(net, pictures).any()  # it asks for gradients by itself
    assert all(parameter.grad is None for parameter in net.parameters())


def test_half_of_the_saliency() -> None:
    assert half_of(torch.ones(2, 4, 5)) == pytest.approx(0.5)
    peak = torch.zeros(1, 4, 5)
    peak[0, 2, 2] = 1.0
    assert half_of(peak) == pytest.approx(1 / 20)


# --- occlusion -----------------------------------------------------------------------------------------------------------


def test_occlusion_is_what_covering_by_hand_takes_away(net: nn.Module, pictures: Tensor) -> None:
    wanted, size, stride = torch.tensor([2, 0, 1]), 5, 3
    found = occlusion(net, pictures, wanted, size=size, stride=stride, fill=0.25)
    tops = [0, 3, 6, 7]  # the last square ends with the picture
    for n, row, column in ((0, 0, 0), (1, 6, 6), (2, 11, 4)):
        drops = []
        for top in tops:
            for left in tops:
                if top <= row < top + size and left <= column < left + size:
                    hidden = pictures[n : n + 1].clone()
                    hidden[0, :, top : top + size, left : left + size] = 0.25
                    p = [net(one)[0].softmax(dim=0)[wanted[n]].detach() for one in (pictures[n : n + 1], hidden)]
                    drops.append(float(p[0] - p[1]))
        assert float(found[n, row, column]) == pytest.approx(np.mean(drops), abs=1e-6)


class Corner(nn.Module):
    """Answers class 1 by as much as the top left corner is bright."""

    def forward(self, x: Tensor) -> Tensor:
        bright = x[:, 0, :2, :2].mean(dim=(1, 2))
        return torch.stack([torch.zeros_like(bright), 8 * bright - 4], dim=1)


def test_occlusion_finds_the_only_place_that_counts() -> None:
    x = torch.zeros(1, 1, 8, 8)
    x[..., :2, :2] = 1.0
    [found] = occlusion(Corner(), x)
    assert found[0, 0] > 0.5
    assert found[4:, 4:].abs().max() == 0


# --- attention -----------------------------------------------------------------------------------------------------------


class Two(nn.Module):
    """Two attentions, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = SelfAttention(8, 2), SelfAttention(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x)).mean(dim=1)


def test_attention_maps_are_open_and_sum_to_one() -> None:
    maps = attention(Two(), torch.randn(3, 5, 8))
    assert {name: tuple(map.shape) for name, map in maps.items()} == {"first": (3, 2, 5, 5), "second": (3, 4, 5, 5)}
    for map in maps.values():
        assert torch.allclose(map.sum(dim=-1), torch.ones(map.shape[:-1]))
    with pytest.raises(UnknownNameError, match="no attention with an open map"):
        attention(nn.Linear(2, 2), torch.zeros(1, 2))


def test_the_class_token_is_laid_over_the_picture() -> None:
    weights = torch.rand(1, 2, 7, 7)
    laid = over_picture(weights, (4, 6))  # 6 patches and a token: 2 rows of 3
    assert laid is not None
    assert torch.equal(laid[0, 1], weights[0, 1, 0, 1:].reshape(2, 3))
    together = over_picture(torch.ones(1, 1, 4, 4) / 4, (8, 8))  # no token: what all look at together
    assert together is not None
    assert together.tolist() == [[[[0.25, 0.25], [0.25, 0.25]]]]
    assert over_picture(torch.rand(1, 1, 8, 8), (8, 8)) is None


def test_places_seen_is_how_many_share_the_attention() -> None:
    assert places_seen(torch.eye(4)[None, None]) == pytest.approx(1.0)
    assert places_seen(torch.full((1, 2, 4, 4), 0.25)) == pytest.approx(4.0)


# --- embedding -----------------------------------------------------------------------------------------------------------


def test_the_embedding_is_what_the_head_reads(net: nn.Module, pictures: Tensor) -> None:
    embedded = embedding(net, pictures)
    assert embedded.shape == (3, 84)
    assert torch.allclose(net.head(embedded), net.eval()(pictures))  # type: ignore[operator]


def test_a_network_without_a_head_is_read_before_its_last_layer() -> None:
    bare = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2), nn.LogSoftmax(dim=1))
    x = torch.randn(4, 3)
    assert head_of(bare, x) == "2"
    assert torch.equal(embedding(bare, x), bare[0](x).relu())


def test_a_map_keeps_groups_apart_and_is_the_same_each_time() -> None:
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    far = 20 * torch.eye(3)[labels] + torch.randn(60, 3, generator=draw)
    spread = tsne(far)
    assert spread.perplexity == pytest.approx(59 / 3)
    assert np.array_equal(tsne(far).points, spread.points)
    assert neighbours_alike(torch.from_numpy(spread.points), labels) == 1.0
    assert neighbours_alike(far, labels) == 1.0
    assert neighbours_alike(torch.arange(4.0)[:, None], torch.tensor([0, 1, 0, 1])) == 0.0
    with pytest.raises(ShapeError, match="at least 5 examples"):
        tsne(far[:4])


# --- filters, maps, objects ----------------------------------------------------------------------------------------------


def test_filters_are_those_of_the_first_convolution(net: nn.Module) -> None:
    found = filters(net)
    assert found is not None
    assert found[0] == "conv1"
    assert torch.equal(found[1], net.conv1.weight)  # type: ignore[arg-type, union-attr]
    assert filters(nn.Linear(2, 2)) is None


def test_feature_maps_are_some_layers_from_first_to_last(net: nn.Module, pictures: Tensor) -> None:
    maps = feature_maps(net, pictures[0])
    assert list(maps) == ["conv1", "act1", "pool1", "conv2", "act2"]  # pool2 puts out single numbers, the rest are no maps
    assert maps["pool1"].shape == (6, 6, 6)
    assert list(feature_maps(net, pictures[0], ["conv2", "head"])) == ["conv2"]


def test_detections_are_matched_the_surest_first() -> None:
    targets = torch.tensor([[0, 0.0, 0.0, 0.4, 0.4], [1, 0.5, 0.5, 0.9, 0.9], [-1, 0, 0, 0, 0]])
    detections = torch.tensor(
        [
            [0, 0.6, 0.00, 0.0, 0.4, 0.4],  # fits exactly, but a surer one has taken it
            [0, 0.9, 0.05, 0.0, 0.4, 0.4],
            [0, 0.8, 0.50, 0.5, 0.9, 0.9],  # the right place, the wrong class
            [1, 0.4, 0.50, 0.5, 0.9, 0.9],  # not sure enough
            [-1, 0.0, 0, 0, 0, 0],
        ]
    )
    found = match(detections, targets)
    assert found.hits.tolist() == [False, True, False, False, False]
    assert found.false.tolist() == [True, False, True, False, False]
    assert found.found.tolist() == [True, False, False]
    assert found.missed.tolist() == [False, True, False]
    assert match(detections, targets, score=0.3).missed.sum() == 0


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([0.9, 0.9, 0.2], 0.25),  # two right, then a false one: from just above it
        ([0.9, 0.42, 0.41], 0.05),  # the false one is not worse than what is lost with the second
        ([0.04, 0.04, 0.9], 0.5),  # nothing right
    ],
)
def test_the_score_from_which_answers_are_right_most_often(scores: list[float], best: float) -> None:
    places = [[0.0, 0.0, 0.4, 0.4], [0.5, 0.5, 0.9, 0.9], [0.0, 0.5, 0.4, 0.9]]
    detections = torch.tensor([[[0, score, *place] for score, place in zip(scores, places, strict=True)]])
    targets = torch.tensor([[[0, *place] for place in places[:2]]])
    found = surest(detections, targets)

    def f1(score: float) -> float:
        one = match(detections[0], targets[0], score)
        right, wrong = int(one.hits.sum()), int(one.false.sum())
        return 2 * right / (2 * right + wrong + int(one.missed.sum()))

    assert found == pytest.approx(best)
    assert f1(found) == max(f1(step / 20) for step in range(1, 20))
