"""Diabetes one year on."""

from __future__ import annotations

from whynet.data.bundled import measured
from whynet.data.register import data_set
from whynet.data.source import Source


@data_set(
    en="442 patients, ten measurements; how far diabetes has progressed one year later. Half of it cannot be predicted.",
    ko="환자 442명의 측정값 열 가지로 1년 뒤 당뇨병이 얼마나 진행될지 예측한다. 절반쯤은 예측할 수 없다.",
    task="regress",
    scale="standard",
    targets="standard",
    year=2004,
    source="Efron, Hastie, Johnstone and Tibshirani, Least angle regression, 2004",
)
def diabetes() -> Source:
    """x: (442, 10) in raw units; y: (442, 1), a score from 25 to 346."""
    from sklearn.datasets import load_diabetes

    return measured(load_diabetes(as_frame=True, scaled=False), "progression")
