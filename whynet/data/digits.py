"""Handwritten digits, 8×8 pixels, as they come with scikit-learn."""

from __future__ import annotations

import torch

from whynet.data.register import data_set
from whynet.data.source import Source


@data_set(
    en="1,797 handwritten digits of 8×8 pixels: small enough to train hundreds of networks in a minute.",
    ko="8×8 픽셀 손글씨 숫자 1,797개. 작아서 네트워크 수백 개를 1분 안에 학습할 수 있다.",
    task="classify",
    year=1998,
    source="Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI; scikit-learn load_digits",
)
def digits() -> Source:
    """x: (1797, 1, 8, 8) in [0, 1]; ten classes."""
    from sklearn.datasets import load_digits

    raw = load_digits()
    x = torch.from_numpy(raw.images / 16).float().unsqueeze(1)  # (N, 1, 8, 8); pixels count 0 to 16
    return Source(x, torch.from_numpy(raw.target).long(), classes=tuple("0123456789"))
