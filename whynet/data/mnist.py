"""MNIST."""

from __future__ import annotations

from whynet.data.idx import idx_source
from whynet.data.register import data_set
from whynet.data.source import Source

_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


@data_set(
    en="70,000 handwritten digits of 28×28 pixels, 10,000 of them the official test set.",
    ko="28×28 픽셀 손글씨 숫자 70,000개. 그 가운데 10,000개는 정해진 테스트 세트다.",
    task="classify",
    scale="standard",  # as is usual for these pictures; LeNet-5 gains a point of accuracy in five epochs
    year=1998,
    source="LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998",
    needs="files",
)
def mnist() -> Source:
    """x: (70000, 1, 28, 28), pixels in [0, 1] before they are standardised; ten classes."""
    return idx_source("mnist", _URL, _SHA256, tuple("0123456789"))
