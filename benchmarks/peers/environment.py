"""The peers' own virtual environment, made on demand, so that whynet's never holds what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FOLDER = ROOT / ".venv-peers"
REQUIREMENTS = HERE / "requirements.txt"
PYTHON = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
MADE_FROM = FOLDER / "requirements.txt"  # a copy of what was installed


class NoPeersError(Exception):
    """The environment could not be made; says why."""


@cache
def peers() -> Path:
    """The Python of the peers' environment, made or renewed where it is not what the requirements say. Raises `NoPeersError`."""
    wanted = REQUIREMENTS.read_text()
    if not MADE_FROM.exists() or MADE_FROM.read_text() != wanted:
        print(f"making {FOLDER} from {REQUIREMENTS.relative_to(ROOT)}; this takes a minute or two", file=sys.stderr, flush=True)
        if not PYTHON.exists():
            venv.create(FOLDER, with_pip=True)
        _refuse_cuda()
        _run("-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS))
        MADE_FROM.write_text(wanted)
    cuda = _run("-c", "import torch; print(torch.version.cuda)").strip()
    if cuda != "None":
        raise NoPeersError(f"the torch in {FOLDER} was built for CUDA {cuda}; remove the folder and show pip the CPU build")
    return PYTHON


def _refuse_cuda() -> None:
    """Ask pip what it would install, and stop where that is a torch with CUDA: gigabytes, and another torch than whynet's."""
    report = json.loads(
        _run("-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-", "-r", str(REQUIREMENTS))
    )
    names = [item["metadata"]["name"].lower() for item in report["install"]]
    stray = [name for name in names if name.startswith(("nvidia-", "cuda-", "triton"))]
    if stray:
        raise NoPeersError(
            f"pip would install torch for CUDA ({', '.join(stray[:3])}, …); show it the CPU build (PIP_EXTRA_INDEX_URL)"
        )


def _run(*arguments: str) -> str:
    done = subprocess.run([str(PYTHON), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPeersError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    return done.stdout
