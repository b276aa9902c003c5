"""What many comparisons do to a p value."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """p̃₍ᵢ₎ = max over j ≤ i of min(1, (m - j + 1) · p₍ⱼ₎), in the order given (Holm 1979).

    Comparing p̃ with 5 % keeps the chance of even one false positive among all m comparisons below 5 %, whatever their
    dependence; levels that share a baseline do depend on each other.
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted
