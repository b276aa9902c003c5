"""``whynet describe``: a network layer by layer, or as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from whynet.cli.screen import pairs, say, table, verbatim
from whynet.cli.settings import Model, Target, located
from whynet.cli.verb import argument, option, verb
from whynet.errors import OptionError
from whynet.registry import Range, check, get
from whynet.spec import parse
from whynet.text import Text, join

if TYPE_CHECKING:
    from whynet.models.graph import Graph


@verb(
    "Show a network layer by layer: shapes, parameters and how they are counted.",
    "네트워크를 층마다 보여 준다: 출력 모양, 매개변수 수와 그 계산식.",
    place=40,
    examples=[
        "whynet describe lenet5 --inputs 1,28,28 --outputs 10",
        "whynet describe 'mlp(widths=[32, 32])' iris",
        "whynet describe \"mlp(skip='add')\" digits --graph text",
        "whynet describe lenet5 digits --graph lenet5.svg",
    ],
)
def describe(
    model: Model,
    data: Annotated[
        str | None,
        argument(
            "the data it is for [that of a recipe known to train it]",
            "네트워크가 다룰 데이터 [학습된다고 확인한 레시피의 데이터]",
        ),
    ] = None,
    target: Target = None,
    inputs: Annotated[
        str | None, option("shape of one example, instead of DATA", "DATA 대신 쓰는 예제 하나의 모양", metavar="1,28,28")
    ] = None,
    outputs: Annotated[
        int | None, Range(least=1), option("classes or values, instead of DATA", "DATA 대신 쓰는 클래스(값)의 수")
    ] = None,
    batch: Annotated[int, Range(least=1), option("examples at once", "한 번에 넣는 예제 수")] = 1,
    graph: Annotated[
        str | None,
        option(
            "draw what runs after what, with shapes: text, or a file .svg .png .pdf .html",
            "무엇이 무엇 다음에 도는지 모양과 함께 그린다: text, 또는 .svg .png .pdf .html 파일",
            metavar="text|FILE",
        ),
    ] = None,
    depth: Annotated[
        int | None,
        Range(least=1),
        option("how many names deep the graph goes [as deep as legible]", "그래프에 보일 이름의 깊이 [읽을 수 있는 만큼]"),
    ] = None,
    inside: Annotated[
        str | None, option("only the graph inside this module", "이 모듈 안의 그래프만", metavar="stage1.0")
    ] = None,
) -> int | None:
    """Print the table and the totals, or the graph."""
    import torch

    from whynet.models.build import build
    from whynet.models.describe import describe as walk

    shape, units, kind, name = None, outputs, None, None
    if inputs is None or outputs is None:
        from whynet.data import load

        dataset = load(located(data or usual_data(model), target))
        shape, units, kind, name = dataset.task.inputs, outputs or dataset.task.outputs, dataset.task.kind, dataset.name
    if inputs is not None:
        shape, kind = _shape(inputs), None
    assert shape is not None
    assert units is not None
    title = _HEAD.fill(model=model, shape=shape, units=units) if name is None else _HEAD_DATA.fill(model=model, data=name)
    with torch.random.fork_rng(devices=[]):
        network = build(model, shape, units, kind)
    say(title)
    say()
    if graph or depth or inside:
        from whynet.models.graph import graph as trace

        traced = trace(network, shape, depth, inside=inside, batch=batch)
        say(traced.says)
        _show(traced, title, graph or "text")
        return None
    description = walk(network, shape, batch=batch)
    columns, rows = description.as_table()
    table(columns, rows, right=(3, 5), wrap=4)
    say()
    pairs(description.totals)
    return None


def _show(traced: Graph, title: Text, where: str) -> None:
    """The graph on the screen, or as a picture or page."""
    if where == "text":
        say()
        for line in traced.as_lines():
            verbatim(line)
        return
    from whynet import figures

    if where.lower().endswith((".html", ".htm")):
        from whynet.report import Block, Code, Picture, Report, Section, write

        blocks: list[Block] = [Picture(lambda: figures.graph(traced), _SEEN), Code("\n".join(traced.as_lines()))]
        path = write(Report(title, traced.says, "neutral", [Section(_GRAPH, blocks)]), where)
    else:
        path = figures.save(figures.graph(traced, title=join([title, traced.says], ": ")), where)
    say()
    say(_WRITTEN)
    verbatim(f"  {path}")


def usual_data(model: str) -> str:
    """The data of the first recipe that is known to train a model; digits for one that has none."""
    import whynet.models  # noqa: F401  registers them

    recipes = get("model", parse(model).name).facts.get("recipes", ())
    return recipes[0].data if recipes else "digits"


def _shape(text: str) -> tuple[int, ...]:
    """``1,28,28`` as numbers. Raises `OptionError`."""
    sizes = [part.strip() for part in text.strip("()[] ").split(",") if part.strip()]
    if not sizes or not all(size.isdecimal() for size in sizes):
        raise OptionError(_NO_SHAPE, received=text)
    return tuple(check("--inputs", list[Annotated[int, Range(least=1)]], [int(size) for size in sizes]))


_HEAD = Text("{model} for examples of shape {shape} and {units} outputs", "{model}: 모양 {shape}의 예제, 출력 {units}개")
_HEAD_DATA = Text("{model} for {data}", "{data} 데이터의 {model}")
_GRAPH = Text("What runs after what", "무엇이 무엇 다음에 도는가")
_SEEN = Text("Read it downwards, column by column.", "위에서 아래로, 왼쪽 열부터 읽는다.")
_WRITTEN = Text("Written", "쓴 파일")
_NO_SHAPE = Text(
    "--inputs: expected sizes with commas between them, such as 1,28,28. Received: {received}",
    "--inputs: 쉼표로 나눈 크기여야 한다. 예: 1,28,28. 받은 것: {received}",
)
