"""BCCD: blood cells to be counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from whynet.data.files import locate_folder
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.data.voc import Side, read_voc


@data_set(
    en="364 microscope pictures of blood with 4,888 boxes: red cells, white cells and small platelets.",
    ko="현미경으로 본 혈액 사진 364장과 박스 4,888개. 적혈구, 백혈구, 작은 혈소판을 찾는다.",
    task="detect",
    year=2017,
    source="Cheng (cosmicad) and Shenggan, BCCD dataset, MIT licence",
    needs="files",
)
def bccd(size: Side = 160, fit: Literal["stretch", "letterbox"] = "stretch", flips: bool = False) -> Source:
    """x: (364, 3, size, size) in [0, 1], from 640×480; 205 to train, 87 to validate, 72 to test, as prescribed.

    ``flips`` adds mirrored copies of the training pictures.
    """
    root = locate_folder("bccd", "BCCD/Annotations", "https://github.com/Shenggan/BCCD_Dataset")
    return replace(read_voc(root / "BCCD", size, fit, flips), name="bccd")
