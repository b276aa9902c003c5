"""How each operation on single elements is written in C++."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

TYPES = {
    torch.float32: "float", torch.float64: "double", torch.int64: "int64_t", torch.int32: "int32_t",
    torch.bool: "bool", torch.uint8: "uint8_t",
}  # fmt: skip

COMPARES = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^"}

_FLOAT: dict[str, str] = {  # of float32; double takes the library's
    "exp": "fast_exp", "log": "fast_log", "sigmoid": "fast_sigmoid", "tanh": "fast_tanh", "expm1": "fast_expm1", "log1p": "fast_log1p",
}  # fmt: skip
_LIBRARY = {
    name: f"std::{name}"
    for name in ("exp", "log", "tanh", "expm1", "log1p", "sqrt", "erf", "sin", "cos", "floor", "ceil", "trunc", "tan", "atan", "cosh",
                 "sinh", "acos", "asin", "exp2", "log2", "log10")
}  # fmt: skip
COSTLY = {*_FLOAT, *_LIBRARY, "div", "reciprocal", "rsqrt", "pow"}  # not worth doing twice

KNOWN = {
    *COMPARES, *_BINARY, *_FLOAT, *_LIBRARY, "rsub", "neg", "abs", "relu", "reciprocal", "rsqrt", "pow", "where", "maximum", "minimum",
    "sign", "cast", "logical_and", "logical_or", "logical_not", "bitwise_not", "isnan", "isinf", "round", "remainder", "fmod", "square",
}  # fmt: skip


def number(value: float | int | bool, dtype: torch.dtype) -> str:
    """A constant."""
    if dtype == torch.bool:
        return "true" if value else "false"
    if not dtype.is_floating_point:
        return f"{int(value)}LL"
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "(-INFINITY)"
    text = repr(float(torch.tensor(value, dtype=dtype).item()))
    return f"({text}{'f' if dtype == torch.float32 else ''})"


def write(name: str, args: Sequence[str], dtype: torch.dtype, of: torch.dtype) -> str:
    """The expression for one element. ``dtype``: of the result; ``of``: in which the arguments are, which were cast to it."""
    c = TYPES[of]
    if name == "cast":
        return f"({args[0]} != 0)" if dtype == torch.bool else f"(({TYPES[dtype]}){args[0]})"
    if name in COMPARES:
        return f"({args[0]} {COMPARES[name]} {args[1]})"
    if name in _BINARY:
        return f"({args[0]} {_BINARY[name]} {args[1]})"
    special = _SPECIAL.get(name)
    if special:
        return special(args, c)
    if of == torch.float32 and name in _FLOAT:
        return f"{_FLOAT[name]}({args[0]})"
    return f"{_LIBRARY[name]}({args[0]})"


_SPECIAL: dict[str, Callable[[Sequence[str], str], str]] = {
    "neg": lambda a, c: f"(-{a[0]})",
    "abs": lambda a, c: f"({a[0]} < 0 ? -{a[0]} : {a[0]})" if c.startswith("int") else f"std::fabs({a[0]})",
    "relu": lambda a, c: f"nan_max<{c}>({a[0]}, ({c})0)",
    "reciprocal": lambda a, c: f"(({c})1 / {a[0]})",
    "rsqrt": lambda a, c: f"(({c})1 / std::sqrt({a[0]}))",
    "pow": lambda a, c: f"std::pow({a[0]}, {a[1]})",
    "where": lambda a, c: f"({a[0]} ? {a[1]} : {a[2]})",
    "maximum": lambda a, c: f"nan_max<{c}>({a[0]}, {a[1]})",
    "minimum": lambda a, c: f"nan_min<{c}>({a[0]}, {a[1]})",
    "sign": lambda a, c: f"sign_of<{c}>({a[0]})",
    "logical_and": lambda a, c: f"(({a[0]} != 0) & ({a[1]} != 0))",
    "logical_or": lambda a, c: f"(({a[0]} != 0) | ({a[1]} != 0))",
    "logical_not": lambda a, c: f"({a[0]} == 0)",
    "bitwise_not": lambda a, c: f"(!{a[0]})" if c == "bool" else f"(~{a[0]})",
    "isnan": lambda a, c: f"({a[0]} != {a[0]})",
    "isinf": lambda a, c: f"(std::fabs({a[0]}) == INFINITY)",
    "round": lambda a, c: f"std::nearbyint({a[0]})",
    "fmod": lambda a, c: f"std::fmod({a[0]}, {a[1]})",
    "square": lambda a, c: f"({a[0]} * {a[0]})",
    "sigmoid": lambda a, c: f"fast_sigmoid({a[0]})" if c == "float" else f"(1.0 / (1.0 + std::exp(-{a[0]})))",
}
