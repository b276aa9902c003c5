"""What a distribution is worth as a code: Huffman's for single symbols, arithmetic coding for a whole message.

Huffman, A method for the construction of minimum-redundancy codes (1952); Rissanen, Generalized Kraft inequality and arithmetic
coding (1976), here in exact whole numbers, so that nothing is lost to rounding.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count

import numpy as np

PRECISION = 24  # bits to which a probability is rounded before it is coded


def entropy(p: np.ndarray) -> float:
    """H(p) = −Σ p log₂ p, in bits; a share of zero adds nothing."""
    known = p[p > 0]
    return float(-(known * np.log2(known)).sum())


def huffman(p: np.ndarray) -> np.ndarray:
    """The length in bits of each symbol's word in Huffman's code, (K,); 0 where there is but one symbol."""
    order = count()  # heaps compare the next entry where weights are equal
    heap = [(float(weight), next(order), [k]) for k, weight in enumerate(p)]
    heapq.heapify(heap)
    lengths = np.zeros(len(p), dtype=int)
    while len(heap) > 1:
        (a, _, left), (b, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        lengths[left + right] += 1  # one more bit for all below the new fork
        heapq.heappush(heap, (a + b, next(order), left + right))
    return lengths


def encode(labels: Sequence[int], probabilities: np.ndarray) -> str:
    """The labels as bits, each coded with the distribution in its row of ``probabilities`` (N, K)."""
    low, width, scale = 0, 1, 0  # the message is any number in [low, low + width) / 2^scale
    for label, p in zip(labels, probabilities, strict=True):
        edges = _edges(p)
        low = (low << PRECISION) + width * edges[label]
        width *= edges[label + 1] - edges[label]
        scale += PRECISION
    bits = max(scale - width.bit_length() + 2, 1)  # so many bits leave a whole cell inside the interval
    number = -((-low) >> (scale - bits)) if scale > bits else low << (bits - scale)  # the first cell that begins in it
    return format(number, f"0{bits}b")


def decode(bits: str, probabilities: np.ndarray) -> list[int]:
    """The labels that `encode` wrote with the same distributions."""
    value, length, labels = int(bits, 2), len(bits), []
    low, width, scale = 0, 1, 0
    for p in probabilities:
        edges = _edges(p)
        low, scale = low << PRECISION, scale + PRECISION
        # the number lies at value / 2^length: compare on the common scale
        at = (value << scale) - (low << length)
        label = next(k for k in range(len(p)) if at < width * edges[k + 1] << length)
        labels.append(label)
        low += width * edges[label]
        width *= edges[label + 1] - edges[label]
    return labels


def _edges(p: np.ndarray) -> list[int]:
    """Where each symbol's part of [0, 2^24] begins and ends; none is empty, so that every label can be written."""
    parts = np.maximum((p * (2**PRECISION - len(p))).astype(np.int64), 1)
    parts[parts.argmax()] += 2**PRECISION - parts.sum()
    return [0, *np.cumsum(parts).tolist()]
