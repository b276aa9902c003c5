"""A step as one CUDA graph: its kernels recorded once and launched together, without Python between them.

A graph reads and writes fixed memory. So each call copies its arguments to where the graph reads them, replays it, and copies the
results out, since the next call writes over them. Nguyen et al., Accelerating PyTorch with CUDA graphs (2021).

Written without a CUDA device at hand: its order of copying is tested on a pretended graph, its speed and the real one are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from whynet.text import Text

Run = Callable[..., Sequence[Tensor]]
WARM = 3  # calls before recording, in which libraries take their memory and choose their kernels


def captured(run: Run, examples: Sequence[Tensor]) -> Run:
    """The step recorded on arguments like the examples. Raises `RuntimeError` where something in it cannot be recorded.

    Its arguments must be on the device and keep their shapes; nothing of the examples is kept.
    """
    fixed = [example.detach().clone(memory_format=torch.contiguous_format) for example in examples]
    with torch.no_grad():
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM):
                run(*fixed)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            results = run(*fixed)

    def replay(*arguments: Tensor) -> Sequence[Tensor]:
        for place, argument in zip(fixed, arguments, strict=True):
            place.copy_(argument, non_blocking=True)
        graph.replay()
        return [result.clone() for result in results]

    return replay


NOT_CAPTURED = Text(
    "The step could not be recorded as a CUDA graph and runs traced: the same numbers, more slowly. {why}",
    "스텝을 CUDA 그래프로 기록할 수 없어 추적(trace)한 것을 쓴다. 결과는 같고 조금 느리다. {why}",
)
