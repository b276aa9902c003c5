"""What is loaded once and kept, and what is given up."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.data import load
from whynet.data.cache import Cache


def test_a_data_set_is_loaded_once() -> None:
    assert load("moons(n=60)", 1) is load("moons(60)", 1)
    assert load("moons(n=60)", 1) is not load("moons(n=60)", 2)
    assert load("moons(n=60)", 1).train.pool_x is load("moons(n=60, fold=2)", 2).train.pool_x


def kilobytes(n: int) -> Tensor:
    return torch.zeros(n, 256)


def test_the_least_recently_used_goes_first() -> None:
    cache: Cache[Tensor] = Cache(5 * 1024, lambda tensor: [tensor])
    made = []

    def get(name: str) -> Tensor:
        return cache.get(name, lambda: made.append(name) or kilobytes(2))  # type: ignore[func-returns-value]

    get("a"), get("b"), get("a"), get("c")  # b is the one not used for longest
    assert cache.bytes == 4 * 1024
    get("a"), get("c")
    assert made == ["a", "b", "c"]
    get("b")
    assert made == ["a", "b", "c", "b"]


def test_a_shared_tensor_is_counted_once_and_the_last_value_is_kept_whatever_its_size() -> None:
    pool = kilobytes(3)
    cache: Cache[list[Tensor]] = Cache(4 * 1024, lambda value: value)
    for name in "abcdef":
        cache.get(name, lambda: [pool, pool[:1]])
    assert cache.bytes == 3 * 1024
    huge = cache.get("huge", lambda: [kilobytes(50)])
    assert cache.get("huge", list) is huge
    cache.clear()
    assert cache.bytes == 0
