"""Wines by their chemistry."""

from __future__ import annotations

from whynet.data.bundled import classified
from whynet.data.register import data_set
from whynet.data.source import Source


@data_set(
    en="178 wines of three growers, 13 measurements in very different units: the case for scaling the inputs.",
    ko="와인 178병의 성분 13가지. 단위가 서로 크게 달라 입력 스케일링이 왜 필요한지 보여 준다.",
    task="classify",
    scale="standard",
    year=1991,
    source="Forina et al., PARVUS; Aeberhard and Forina, Wine, UCI, 1991",
)
def wine() -> Source:
    """x: (178, 13) in raw units, from 0.1 to 1680; three classes."""
    from sklearn.datasets import load_wine

    return classified(load_wine(as_frame=True))
