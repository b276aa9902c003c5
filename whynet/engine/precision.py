"""How finely a network computes: in float32 throughout, or its products in bfloat16.

    with computing("bfloat16", "cpu"): outputs = network(x)

bfloat16 keeps float32's range and 8 of its 24 significant bits: an operation rounds by up to 2⁻⁹ of its result. What rounding would
spoil stays in float32: weights and optimizer state (a small update would be lost beside its weight), statistics, exponentials and
losses. torch's own autocast draws that line on a GPU, but on a CPU leaves softmax and norms in bfloat16; here it is the same everywhere.
Micikevicius et al., Mixed precision training (2018); Kalamkar et al., A study of bfloat16 for deep learning training (2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

Precision = Literal["float32", "bfloat16"]
ROUNDING = 2.0**-8  # between neighbouring numbers of bfloat16, relative


@contextmanager
def computing(precision: Precision, device: str) -> Iterator[None]:
    """Inside the block, matrix products and convolutions on this type of device are of that precision.

    torch keeps no cast weights there: a cache would outlive the mapped or traced pass that filled it.
    """
    if precision == "float32":
        yield
        return
    with torch.autocast(device, dtype=torch.bfloat16, cache_enabled=False), _Steady(device):
        yield


class _Steady(TorchFunctionMode):
    """Inside the block statistics, exponentials and losses are worked out in float32."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function not in _STEADY:
            return function(*args, **(kwargs or {}))
        wide, named = pytree.tree_map(_widened, (args, kwargs or {}))
        with torch.autocast(self.device, enabled=False):
            return function(*wide, **named)


def _widened(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.dtype == torch.bfloat16 else value


_NAMES = [
    "acos", "asin", "cosh", "cumprod", "cumsum", "erfinv", "exp", "expm1", "log", "log10", "log1p", "log2", "log_softmax", "logsumexp",
    "mean", "norm", "pow", "prod", "reciprocal", "rsqrt", "sinh", "softmax", "std", "sum", "tan", "var",
]  # fmt: skip
_FUNCTIONS = [
    torch.cdist, torch.std_mean, torch.var_mean, torch.linalg.vector_norm, torch.linalg.matrix_norm, torch.linalg.norm,
    F.softmax, F.softmin, F.log_softmax, F.softplus, F.gumbel_softmax, F.normalize, F.cosine_similarity, F.pdist,
    F.batch_norm, F.layer_norm, F.group_norm, F.instance_norm, F.local_response_norm, F.rms_norm,
    F.cross_entropy, F.nll_loss, F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.kl_div, F.poisson_nll_loss,
    F.gaussian_nll_loss, F.binary_cross_entropy, F.binary_cross_entropy_with_logits, F.hinge_embedding_loss, F.soft_margin_loss,
    F.margin_ranking_loss, F.triplet_margin_loss, F.multi_margin_loss, F.multilabel_margin_loss, F.multilabel_soft_margin_loss,
    F.cosine_embedding_loss, F.ctc_loss,
]  # fmt: skip
_STEADY = frozenset([getattr(place, name) for name in _NAMES for place in (torch, Tensor) if hasattr(place, name)] + _FUNCTIONS)
