"""Irises measured in centimetres."""

from __future__ import annotations

from whynet.data.bundled import classified
from whynet.data.register import data_set
from whynet.data.source import Source


@data_set(
    en="150 irises of three species, four lengths in centimetres; one species is separable by a line.",
    ko="붓꽃 세 종 150송이를 네 가지 길이(cm)로 잰 표. 한 종은 직선 하나로 나뉜다.",
    task="classify",
    scale="standard",
    year=1936,
    source="Fisher, The use of multiple measurements in taxonomic problems, 1936",
)
def iris() -> Source:
    """x: (150, 4) in cm; three classes."""
    from sklearn.datasets import load_iris

    return classified(load_iris(as_frame=True))
