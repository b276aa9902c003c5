"""What there is to say of a network: a row for each module, and the totals."""

from __future__ import annotations

from dataclasses import dataclass

from whynet.text import Text

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One module: a leaf, or one that holds weights or multiplies by itself. What lies inside it has rows of its own."""

    name: str
    kind: str
    output: Shape | None  # with the batch axis; None where the module did not run or gave no tensor
    parameters: int  # its own; shared weights count where they come first
    formula: Text  # how the number of parameters comes about
    multiply_adds: int  # of all its runs, for the whole batch


@dataclass(frozen=True)
class Description:
    """A network's rows in the order in which they first ran, and its totals. Sizes in bytes, for ``batch`` examples at once."""

    rows: tuple[Row, ...]
    batch: int
    parameters: int
    trainable: int
    multiply_adds: int
    weight_bytes: int  # parameters and buffers
    activation_bytes: int  # every module's output, views and repeats counted once: about what backpropagation keeps
    gradient_bytes: int  # one number for each trainable weight
    optimizer_bytes: int  # Adam's two for each; SGD needs none, momentum half of it

    @property
    def training_bytes(self) -> int:
        """An estimate of what training holds at once: weights, activations, gradients and Adam's state."""
        return self.weight_bytes + self.activation_bytes + self.gradient_bytes + self.optimizer_bytes

    def as_table(self) -> tuple[list[Text], list[list[str]]]:
        """Column names and a line for each row, for a face to print."""
        lines = [
            [row.name, row.kind, _shape(row.output), f"{row.parameters:,}", str(row.formula), f"{row.multiply_adds:,}"]
            for row in self.rows
        ]
        return list(_COLUMNS), lines

    @property
    def totals(self) -> list[tuple[Text, str]]:
        """What is true of the whole network, named, for a face to print."""
        batch = {"batch": self.batch}
        return [
            (_PARAMETERS, f"{self.parameters:,}"),
            (Text("trainable parameters", "학습되는 매개변수"), f"{self.trainable:,}"),
            (Text("multiply-adds, batch of {batch}", "곱셈-덧셈(배치 {batch})").fill(**batch), f"{self.multiply_adds:,}"),
            (Text("memory of the weights", "가중치 메모리"), _bytes(self.weight_bytes)),
            (
                Text("memory of the activations, batch of {batch}", "활성값 메모리(배치 {batch})").fill(**batch),
                _bytes(self.activation_bytes),
            ),
            (Text("memory of the gradients", "기울기 메모리"), _bytes(self.gradient_bytes)),
            (Text("memory of the optimizer (Adam)", "옵티마이저(Adam) 메모리"), _bytes(self.optimizer_bytes)),
        ]


_PARAMETERS = Text("parameters", "매개변수")
_COLUMNS = (
    Text("layer", "층"),
    Text("kind", "종류"),
    Text("output shape", "출력 모양"),
    _PARAMETERS,
    Text("how they are counted", "매개변수 계산식"),
    Text("multiply-adds", "곱셈-덧셈"),
)


def _shape(shape: Shape | None) -> str:
    return "-" if shape is None else f"({', '.join(map(str, shape))})"


def _bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
