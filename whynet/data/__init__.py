"""Part 1: the data."""

from whynet.data.dataset import Dataset, Examples
from whynet.data.loading import kfold, load
from whynet.registry import discover

discover(__name__, __path__)

__all__ = ["Dataset", "Examples", "kfold", "load"]
