"""A memory of what was loaded, bounded by the bytes it keeps alive."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from threading import RLock
from typing import Generic, TypeVar

from torch import Tensor

V = TypeVar("V")


class Cache(Generic[V]):
    """Keeps the values used last, as long as their tensors together (shared ones counted once) stay under ``limit`` bytes."""

    def __init__(self, limit: int, tensors: Callable[[V], Iterable[Tensor]]) -> None:
        self._limit = limit
        self._tensors = tensors
        self._kept: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = RLock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The kept value, or a new one, which is kept."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and self.bytes > self._limit:
                self._kept.popitem(last=False)
            return self._kept[key]

    @property
    def bytes(self) -> int:
        """What the kept tensors occupy."""
        storages = (tensor.untyped_storage() for value in self._kept.values() for tensor in self._tensors(value))
        return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
