"""Part 1: the data."""

from whynet.data.dataset import Dataset, Examples
from whynet.data.loading import kfold, load
from whynet.data.options import Options
from whynet.data.overview import summary
from whynet.data.resolving import resolve
from whynet.data.tensors import from_tensors
from whynet.registry import discover

discover(__name__, __path__)

__all__ = ["Dataset", "Examples", "Options", "from_tensors", "kfold", "load", "resolve", "summary"]
