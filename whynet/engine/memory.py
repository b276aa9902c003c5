"""Memory that a training frees at one step and asks for again at the next, kept instead of given back.

glibc hands out every block of more than 32 MiB as fresh pages and gives them back when it is freed. The weights of a ResNet-18 are one
vector of 45 MB here, and a step makes a dozen vectors of that size: with pages that have to be mapped and cleared each time the update
cost 0.4 s of a step of 1.0 s, with memory that stays 0.07 s of 0.5 s (``benchmarks/zoo.py``). While something trains, blocks of any size
come from memory that is kept; afterwards what is free goes back to the system. Nothing is computed differently.

Elsewhere than with glibc nothing is done.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

TRIM, THRESHOLD, BLOCKS = -1, -3, -4  # what mallopt calls M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_MMAP_MAX
USUAL_BLOCKS = 65536  # glibc's own
LARGEST = 32 * 2**20  # the size from which on glibc maps pages of their own, once it has seen blocks as large as that
NEVER = 2**31 - 1

_lock = threading.Lock()
_trainings = 0


@contextmanager
def memory_kept() -> Iterator[None]:
    """Inside the block what is freed is kept; the last of several such blocks gives back what is free when it ends."""
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(change: int) -> None:
    global _trainings
    with _lock:
        _trainings += change
        if (setting := _mallopt()) is None:
            return
        if _trainings == change == 1:
            setting(BLOCKS, 0)
            setting(TRIM, NEVER)
        elif _trainings == 0:
            setting(BLOCKS, USUAL_BLOCKS)
            setting(THRESHOLD, LARGEST)
            setting(TRIM, 2 * LARGEST)
            ctypes.CDLL(None).malloc_trim(0)


@cache
def _mallopt() -> Callable[[int, int], int] | None:
    """glibc's function that sets how memory is kept; None where another library hands it out."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return None
    library.mallopt.argtypes, library.mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return library.mallopt
