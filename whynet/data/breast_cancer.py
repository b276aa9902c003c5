"""Tumours by the shape of their cell nuclei."""

from __future__ import annotations

from whynet.data.bundled import classified
from whynet.data.register import data_set
from whynet.data.source import Source


@data_set(
    en="569 tumours, 30 measurements of their cell nuclei; malignant or benign.",
    ko="종양 569건의 세포핵을 30가지로 잰 표. 악성인지 양성인지 가린다.",
    task="classify",
    scale="standard",
    year=1993,
    source="Street, Wolberg and Mangasarian, Nuclear feature extraction for breast tumor diagnosis, 1993",
)
def breast_cancer() -> Source:
    """x: (569, 30) in raw units; two classes, malignant and benign."""
    from sklearn.datasets import load_breast_cancer

    return classified(load_breast_cancer(as_frame=True))
