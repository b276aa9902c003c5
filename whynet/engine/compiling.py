"""The process that compiles: ``python -m whynet.engine.compiling JOB PATH``. Started by `compiled.Inductor`, never by hand."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from pathlib import Path

import torch
import torch._dynamo
import torch._higher_order_ops.triton_kernel_wrap

from whynet.engine.compiled import compile_to


def main() -> None:
    """Read the job, compile it on one thread and politely, write the result."""
    job, path = Path(sys.argv[1]), Path(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the training's to handle; it ends this process
    os.nice(10)  # the training goes first
    torch.set_num_threads(1)
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    graph, examples = pickle.loads(job.read_bytes())
    compile_to(graph, examples, path)


if __name__ == "__main__":
    main()
