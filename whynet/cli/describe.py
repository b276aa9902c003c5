"""``whynet describe``: a network layer by layer."""

from __future__ import annotations

from typing import Annotated

from whynet.cli.screen import pairs, say, table
from whynet.cli.settings import Model, Target, located
from whynet.cli.verb import argument, option, verb
from whynet.errors import OptionError
from whynet.registry import Range, check
from whynet.text import Text


@verb(
    "Show a network layer by layer: shapes, parameters and how they are counted.",
    "네트워크를 층마다 보여 준다: 출력 모양, 매개변수 수와 그 계산식.",
    place=40,
    examples=["whynet describe lenet5 --inputs 1,28,28 --outputs 10", "whynet describe 'mlp(widths=[32, 32])' iris"],
)
def describe(
    model: Model,
    data: Annotated[str, argument("the data it is for", "네트워크가 다룰 데이터")] = "digits",
    target: Target = None,
    inputs: Annotated[
        str | None, option("shape of one example, instead of DATA", "DATA 대신 쓰는 예제 하나의 모양", metavar="1,28,28")
    ] = None,
    outputs: Annotated[
        int | None, Range(least=1), option("classes or values, instead of DATA", "DATA 대신 쓰는 클래스(값)의 수")
    ] = None,
    batch: Annotated[int, Range(least=1), option("examples at once", "한 번에 넣는 예제 수")] = 1,
) -> int | None:
    """Print the table and the totals."""
    import torch

    from whynet.models.build import build
    from whynet.models.describe import describe as walk

    shape, units, kind, name = None, outputs, None, None
    if inputs is None or outputs is None:
        from whynet.data import load

        dataset = load(located(data, target))
        shape, units, kind, name = dataset.task.inputs, outputs or dataset.task.outputs, dataset.task.kind, dataset.name
    if inputs is not None:
        shape, kind = _shape(inputs), None
    assert shape is not None
    assert units is not None
    with torch.random.fork_rng(devices=[]):
        description = walk(build(model, shape, units, kind), shape, batch=batch)
    columns, rows = description.as_table()
    say(_HEAD.fill(model=model, shape=shape, units=units) if name is None else _HEAD_DATA.fill(model=model, data=name))
    say()
    table(columns, rows, right=(3, 5), wrap=4)
    say()
    pairs(description.totals)
    return None


def _shape(text: str) -> tuple[int, ...]:
    """``1,28,28`` as numbers. Raises `OptionError`."""
    sizes = [part.strip() for part in text.strip("()[] ").split(",") if part.strip()]
    if not sizes or not all(size.isdecimal() for size in sizes):
        raise OptionError(_NO_SHAPE, received=text)
    return tuple(check("--inputs", list[Annotated[int, Range(least=1)]], [int(size) for size in sizes]))


_HEAD = Text("{model} for examples of shape {shape} and {units} outputs", "{model}: 모양 {shape}의 예제, 출력 {units}개")
_HEAD_DATA = Text("{model} for {data}", "{data} 데이터의 {model}")
_NO_SHAPE = Text(
    "--inputs: expected sizes with commas between them, such as 1,28,28. Received: {received}",
    "--inputs: 쉼표로 나눈 크기여야 한다. 예: 1,28,28. 받은 것: {received}",
)
