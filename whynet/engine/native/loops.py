"""Loops over the elements of values: one nest for what can share it, with as few levels as the strides allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import torch

from whynet.engine.native.pointwise import COMPARES, TYPES, number, write
from whynet.engine.native.source import Source
from whynet.engine.native.tree import Const, Count, Leaf, Op, Tree, leaves, parts

LOCAL = 4096  # numbers of a row of sums that are kept on the stack


def argument_type(op: Op) -> torch.dtype:
    """The type in which an operation's arguments are compared or combined."""
    if op.name in COMPARES or op.name in ("logical_and", "logical_or", "logical_not", "cast", "isnan", "isinf", "bitwise_not"):
        kinds = [arg.dtype for arg in op.args if not isinstance(arg, Const)] or [op.args[0].dtype]
        result = kinds[0]
        for kind in kinds[1:]:
            result = torch.promote_types(result, kind)
        return result
    return op.dtype


def expression(tree: Tree, index: Sequence[str], known: Mapping[str, str]) -> str:
    """One element of a tree at an index. ``known``: values of this very element that the loop has at hand, by their place."""
    if isinstance(tree, Const):
        return number(tree.value, tree.dtype)
    if isinstance(tree, Leaf):
        if tree.name in known:
            return known[tree.name]
        return f"{tree.name}[{_offset(tree, index)}]"
    if isinstance(tree, Count):
        return f"(({TYPES[tree.dtype]})({_offset(tree, index)}))"
    of = argument_type(tree)
    args = [expression(arg, index, known) for arg in tree.args]
    casts = [_cast(text, arg.dtype, of) for text, arg in zip(args, tree.args, strict=True)]
    if tree.name == "where":
        casts[0] = args[0]
    if tree.name == "cast":
        casts = args
    return write(tree.name, casts, tree.dtype, of)


def _cast(text: str, have: torch.dtype, want: torch.dtype) -> str:
    return text if have == want else f"(({TYPES[want]}){text})"


def _offset(tree: Leaf | Count, index: Sequence[str]) -> str:
    terms = [f"{i}" if s == 1 else f"{i} * {s}" for i, s in zip(index, tree.strides, strict=True) if s != 0]
    if tree.offset or not terms:
        terms.append(str(tree.offset))
    return " + ".join(terms)


# --- fewer levels ----------------------------------------------------------------------------------------------------


def joined(trees: Sequence[Tree], kinds: Sequence[int]) -> tuple[list[Tree], list[int]]:
    """The trees, of one shape, with neighbouring dimensions of one kind joined where every stride allows it, and none of size 1."""
    shape = trees[0].shape
    strided = [part for tree in trees for part in parts(tree)]
    groups: list[list[int]] = []
    for d, size in enumerate(shape):
        if size == 1:
            continue
        if (
            groups
            and kinds[groups[-1][-1]] == kinds[d]
            and all(p.strides[groups[-1][-1]] == p.strides[d] * size for p in strided)
        ):
            groups[-1].append(d)
        else:
            groups.append([d])
    sizes = tuple(prod(shape[d] for d in group) for group in groups)
    return [_regroup(tree, groups, sizes) for tree in trees], [kinds[group[0]] for group in groups]


def _regroup(tree: Tree, groups: Sequence[Sequence[int]], sizes: tuple[int, ...]) -> Tree:
    if isinstance(tree, Op):
        return replace(tree, args=tuple(_regroup(arg, groups, sizes) for arg in tree.args), shape=sizes)
    if isinstance(tree, Const):
        return replace(tree, shape=sizes)
    return replace(tree, shape=sizes, strides=tuple(tree.strides[group[-1]] for group in groups))


# --- elementwise -----------------------------------------------------------------------------------------------------


@dataclass
class Batch:
    """Assignments over one shape that may share one loop."""

    shape: tuple[int, ...] = ()
    made: list[tuple[Leaf, Tree]] = field(default_factory=list)

    def takes(self, target: Leaf, tree: Tree) -> bool:
        """Whether this one may join: it reads what the others write only at the very element they write."""
        if not self.made:
            return True
        if self.shape != target.shape:
            return False
        written = {leaf.name: leaf for leaf, _ in self.made}
        return all(leaf.name not in written or _same(leaf, written[leaf.name]) for leaf in leaves(tree))

    def add(self, target: Leaf, tree: Tree) -> None:
        self.shape = target.shape
        self.made.append((target, tree))

    def flush(self, source: Source) -> None:
        """Write the loop."""
        if not self.made:
            return
        made, self.made = self.made, []
        uses = [leaf.name for target, tree in made for leaf in (target, *leaves(tree))]
        trees, _ = joined([t for pair in made for t in pair], [0] * len(self.shape))
        body: list[str] = []
        known: dict[str, str] = {}
        index = [f"i{d}" for d in range(len(trees[0].shape))]
        for n, (target, tree) in enumerate(zip(trees[::2], trees[1::2], strict=True)):
            assert isinstance(target, Leaf)
            c = TYPES[target.dtype]
            body.append(f"const {c} t{n} = {_cast(expression(tree, index, known), tree.dtype, target.dtype)};")
            body.append(f"{target.name}[{_offset(target, index)}] = t{n};")
            known[target.name] = f"t{n}"
        source.say(nest(trees[0].shape, body), uses)


def _same(a: Leaf, b: Leaf) -> bool:
    return (a.shape, a.offset) == (b.shape, b.offset) and all(
        s == t or size == 1 for s, t, size in zip(a.strides, b.strides, a.shape, strict=True)
    )


def nest(shape: Sequence[int], body: Sequence[str], first: int = 0) -> str:
    """Loops around a body; the innermost has no dependence between its rounds."""
    lines, depth = ["{"], 0
    for d, size in enumerate(shape):
        if d == len(shape) - 1:
            lines.append("#pragma GCC ivdep")
        lines.append("  " * depth + f"for (long i{first + d} = 0; i{first + d} < {size}; i{first + d}++) {{")
        depth += 1
    lines += ["  " * depth + line for line in body]
    return "\n".join([*lines, "}" * (depth + 1)])


# --- reductions ------------------------------------------------------------------------------------------------------

_START = {"sum": "0", "amax": "-INFINITY", "amin": "INFINITY", "prod": "1", "any": "false", "all": "true"}
_START_WHOLE = {**_START, "amax": "std::numeric_limits<{c}>::lowest()", "amin": "std::numeric_limits<{c}>::max()"}
_PRAGMA = {"sum": "+", "amax": "max", "amin": "min", "prod": "*", "any": "||", "all": "&&"}


def _combine(kind: str, acc: str, value: str) -> str:
    if kind in ("amax", "amin"):
        return f"{acc} = {value} {'>' if kind == 'amax' else '<'} {acc} ? {value} : {acc};"
    if kind in ("any", "all"):
        return f"{acc} = {acc} {'||' if kind == 'any' else '&&'} ({value});"
    return f"{acc} {'+' if kind == 'sum' else '*'}= {value};"


@dataclass(frozen=True)
class Reduction:
    """What the loops of one reduction are written from."""

    kind: str
    shape: tuple[int, ...]  # of what is reduced
    kept: list[int]  # its dimensions that are kept
    over: list[int]  # and those that are not
    place: Leaf  # where the results go; strides 0 over what is reduced
    value: str  # makes the element ``v``
    c: str  # the type of the results
    start: str  # what they begin as
    scale: str  # and what is done to them at the end


def reduce(source: Source, kind: str, tree: Tree, dims: Sequence[int], target: Leaf, divide: float | None = None) -> None:
    """``target`` (the kept dimensions, in one piece) = the sum, or another reduction, of a tree over some dimensions."""
    full = replace(target, shape=tree.shape, strides=_spread(target, tree.shape, dims))
    (flat, place), kinds = joined([tree, full], [int(d in dims) for d in range(len(tree.shape))])
    assert isinstance(place, Leaf)
    uses = [target.name, *(leaf.name for leaf in leaves(tree))]
    c = TYPES[target.dtype]
    start = (_START if target.dtype.is_floating_point else _START_WHOLE)[kind].format(c=c)
    scale = f" / {number(divide, target.dtype)}" if divide is not None else ""
    index = [f"i{d}" for d in range(len(flat.shape))]
    value = f"const {c} v = {_cast(expression(flat, index, {}), tree.dtype, target.dtype)};"
    kept = [d for d, k in enumerate(kinds) if k == 0]
    over = [d for d, k in enumerate(kinds) if k == 1]
    of = Reduction(kind, flat.shape, kept, over, place, value, c, start, scale)
    by_rows = kept and over and kept[-1] == len(kinds) - 1 and flat.shape[kept[-1]] <= LOCAL
    source.say("\n".join(_row_sums(of) if by_rows else _single_sums(of)), uses)


def _single_sums(of: Reduction) -> list[str]:
    """A number after the other: kept dimensions outside, reduced ones inside."""
    index = [f"i{d}" for d in range(len(of.shape))]
    lines = ["{"]
    lines += [f"for (long i{d} = 0; i{d} < {of.shape[d]}; i{d}++) {{" for d in of.kept]
    lines.append(f"{of.c} acc = {of.start};")
    for n, d in enumerate(of.over):
        if n == len(of.over) - 1:
            lines.append(f"#pragma omp simd reduction({_PRAGMA[of.kind]} : acc)")
        lines.append(f"for (long i{d} = 0; i{d} < {of.shape[d]}; i{d}++) {{")
    lines += [of.value, _combine(of.kind, "acc", "v"), "}" * len(of.over)]
    lines.append(f"{of.place.name}[{_offset(of.place, index)}] = acc{of.scale};")
    return [*lines, "}" * (len(of.kept) + 1)]


def _row_sums(of: Reduction) -> list[str]:
    """Rows of sums: the last kept dimension lies closest together, so whole rows are added."""
    last, index = of.kept[-1], [f"i{d}" for d in range(len(of.shape))]
    row = f"for (long i{last} = 0; i{last} < {of.shape[last]}; i{last}++)"
    lines = ["{", f"{of.c} acc[{of.shape[last]}];"]
    lines += [f"for (long i{d} = 0; i{d} < {of.shape[d]}; i{d}++) {{" for d in of.kept[:-1]]
    lines.append(f"{row} acc[i{last}] = {of.start};")
    lines += [f"for (long i{d} = 0; i{d} < {of.shape[d]}; i{d}++) {{" for d in of.over]
    lines += ["#pragma GCC ivdep", f"{row} {{", of.value, _combine(of.kind, f"acc[i{last}]", "v"), "}"]
    lines.append("}" * len(of.over))
    lines.append(f"{row} {of.place.name}[{_offset(of.place, index)}] = acc[i{last}]{of.scale};")
    return [*lines, "}" * len(of.kept)]


def _spread(target: Leaf, shape: Sequence[int], dims: Sequence[int]) -> tuple[int, ...]:
    """The target's strides in the loops over all dimensions: 0 where they are reduced."""
    kept = iter(target.strides)
    if len(target.shape) == len(shape):  # reduced dimensions are kept with size 1
        return tuple(0 if d in dims else s for d, s in enumerate(target.strides))
    return tuple(0 if d in dims else next(kept) for d in range(len(shape)))
