"""From C++ text to machine code, kept on disk: compiled once for every machine, by a compiler that runs beside the training."""

from __future__ import annotations

import ctypes
import hashlib
import platform
import shutil
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path

from whynet.engine.compilation import compiler

FLAGS = (
    "-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd", "-fPIC", "-shared", "-w",
    *(("-mprefer-vector-width=512",) if platform.machine() in ("x86_64", "AMD64") else ()),
)  # fmt: skip


@cache
def _about_compiler(path: str) -> str:
    """Everything about the compiler and the processor that the machine code depends on; nothing where there is no compiler."""
    if not path:
        return ""
    said = subprocess.run([path, "-march=native", "-Q", "--help=target"], capture_output=True, text=True, check=False).stdout
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return version.partition("\n")[0] + said


@cache
def fingerprint() -> str:
    """A name made of everything but the step itself: how it is written, the compiler, its options and the processor."""
    digest = hashlib.blake2b(digest_size=8)
    ours = sorted((one for one in files("whynet.engine.native").iterdir() if one.is_file()), key=lambda one: one.name)
    for part in (*(one.read_text() for one in ours), _about_compiler(compiler() or ""), *FLAGS):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def command(source: Path, target: Path) -> list[str]:
    """What compiles a file, politely: the training goes first."""
    nice = ["nice", "-n", "10"] if shutil.which("nice") else []
    return [*nice, compiler() or "g++", *FLAGS, "-x", "c++", str(source), "-o", str(target)]


def load(path: Path) -> ctypes.CDLL:
    """A compiled library. Raises `OSError` where it is none."""
    library = ctypes.CDLL(str(path))
    if not hasattr(library, "burst"):
        raise OSError(f"{path.name} holds no step")
    library.burst.argtypes = [ctypes.c_void_p]
    library.burst.restype = None
    return library
