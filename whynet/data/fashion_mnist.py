"""Fashion-MNIST."""

from __future__ import annotations

from whynet.data.idx import idx_source
from whynet.data.register import data_set
from whynet.data.source import Source

_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"  # no https there; the checksum guards what comes
_SHA256 = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


@data_set(
    en="70,000 pictures of clothes, 28×28 pixels: shaped like MNIST, and harder.",
    ko="28×28 픽셀 옷 사진 70,000장. 모양은 MNIST와 같고 더 어렵다.",
    task="classify",
    scale="standard",  # as is usual for these pictures; LeNet-5 gains a point of accuracy in five epochs
    year=2017,
    source="Xiao, Rasul and Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking, 2017",
    needs="files",
)
def fashion_mnist() -> Source:
    """x: (70000, 1, 28, 28), pixels in [0, 1] before they are standardised; ten classes."""
    return idx_source("fashion-mnist", _URL, _SHA256, _CLASSES)
