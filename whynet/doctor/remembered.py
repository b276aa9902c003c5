"""What is worked out once for an examination, however many causes ask for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from whynet.doctor.examination import Examination

Fact = TypeVar("Fact")


def remembered(work_out: Callable[[Examination], Fact]) -> Callable[[Examination], Fact]:
    """A function of an examination that does its work at the first call and gives the same answer afterwards.

    An examination holds tensors and cannot be a key, so the answer is kept with it and goes when it goes.
    """
    key = f"{work_out.__module__}.{work_out.__qualname__}"

    @wraps(work_out)
    def asked(seen: Examination) -> Fact:
        known = seen.__dict__
        if key not in known:
            known[key] = work_out(seen)
        fact: Fact = known[key]
        return fact

    return asked
