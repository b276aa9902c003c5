"""House prices in California."""

from __future__ import annotations

from dataclasses import replace

from whynet.data.files import locate
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.data.tabular import table_source

_URL = "https://raw.githubusercontent.com/ageron/handson-ml2/master/datasets/housing/housing.csv"
_SHA256 = "8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e"


@data_set(
    en="20,640 districts of California in 1990: the median house value from place, age, rooms and income.",
    ko="1990년 캘리포니아 20,640개 구역. 위치, 건물 나이, 방 수, 소득으로 집값의 중앙값을 예측한다.",
    task="regress",
    scale="standard",
    targets="standard",
    year=1997,
    source="Pace and Barry, Sparse spatial autoregressions, 1997; with the columns of Géron's housing.csv",
    needs="files",
)
def california() -> Source:
    """x: (20640, 14), y: (20640, 1) in dollars."""
    path = locate("tabular", "california_housing.csv", _SHA256, [_URL])
    return replace(table_source(path, "median_house_value", "regress"), name="california")
