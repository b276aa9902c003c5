"""The options that decide what a training does, shared by every verb that trains."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from whynet.cli.verb import argument, option
from whynet.errors import OptionError
from whynet.text import Text, join

if TYPE_CHECKING:
    from whynet.recipe import Recipe

DATA = argument(
    "a data set by name (see: whynet data), a CSV file, or a folder of images",
    "데이터셋 이름(whynet data로 볼 수 있다), CSV 파일, 또는 이미지 폴더",
)
Data = Annotated[str, DATA]
Model = Annotated[
    str,
    argument(
        "a model, with options where wanted: 'mlp(widths=[64, 64], activation=tanh)'",
        "모델. 옵션을 함께 쓸 수 있다: 'mlp(widths=[64, 64], activation=tanh)'",
    ),
]
Target = Annotated[
    str | None,
    option("the column of a table to predict", "표에서 예측할 열(column)", metavar="COLUMN"),
]


@dataclass(frozen=True)
class Settings:
    """What may follow DATA and MODEL. Values are read and checked by `recipe`, which says what each may be."""

    target: Target = None
    loss: Annotated[Any, option("a loss (see: whynet losses)", "손실 함수(loss). whynet losses 참고", "LOSS")] = None
    optimizer: Annotated[
        Any,
        option("an optimizer, such as 'sgd(lr=0.1)' [adam]", "옵티마이저(optimizer). 예: 'sgd(lr=0.1)' [adam]", "OPTIMIZER"),
    ] = None
    lr: Annotated[Any, option("learning rate, short for optimizer.lr", "학습률(learning rate). optimizer.lr과 같다", "X")] = (
        None
    )
    epochs: Annotated[Any, option("passes over the training data [20]", "훈련 데이터를 도는 횟수(epoch) [20]", "N")] = None
    steps: Annotated[Any, option("training steps, instead of epochs", "에포크 대신 쓰는 학습 스텝 수", "N")] = None
    batch_size: Annotated[Any, option("examples in a step [64]", "한 스텝에 쓰는 예제 수 [64]", "N|all")] = None
    schedule: Annotated[
        Any, option("how the learning rate changes, such as cosine", "학습률이 바뀌는 방식(schedule). 예: cosine", "SCHEDULE")
    ] = None
    clip: Annotated[
        Any, option("limit the gradient, such as 'norm(1.0)'", "기울기(gradient) 제한. 예: 'norm(1.0)'", "CLIP")
    ] = None
    init: Annotated[Any, option("initial weights, such as he", "가중치 초기화. 예: he", "INIT")] = None
    pretrained: Annotated[
        str | None,
        option(
            "weights to begin with: .safetensors or .pt of torchvision, timm, transformers or your own, or a run",
            "시작할 가중치: torchvision, timm, transformers 또는 자신의 .safetensors나 .pt 파일, 또는 런(run)",
            "FILE|RUN",
        ),
    ] = None
    freeze: Annotated[
        str | None,
        option(
            "parts of the network that are not trained, such as stem,stage1", "학습하지 않을 부분. 예: stem,stage1", "PARTS"
        ),
    ] = None
    rates: Annotated[
        str | None,
        option(
            "factors of the learning rate by part, such as stem=0.1,head=1",
            "부분마다 학습률에 곱할 수. 예: stem=0.1,head=1",
            "PART=X,...",
        ),
    ] = None
    early_stopping: Annotated[
        Any,
        option(
            "stop after so many epochs without a lower validation loss", "검증 손실이 N 에포크 동안 낮아지지 않으면 멈춘다", "N"
        ),
    ] = None
    keep: Annotated[Any, option("which weights to end with [last]", "마지막에 남길 가중치 [last]", "last|best")] = None
    precision: Annotated[
        Any,
        option(
            "of matrix products: bfloat16 is mixed precision [float32]",
            "행렬 곱의 정밀도. bfloat16은 혼합 정밀도(mixed precision) [float32]",
            "float32|bfloat16",
        ),
    ] = None
    seed: Annotated[Any, option("seed of every random draw [0]", "모든 무작위 추출의 시드(seed) [0]", "N")] = None

    def recipe(self, data: str, model: str, store: str = "runs") -> Recipe:
        """The recipe that the options make with this data and model, checked. store: where a run lies whose weights it begins with.

        Raises `UnknownNameError`, `OptionError`, `SpecError`, `RecipeError`, `DataError` or `StoreError`.
        """
        from whynet.recipe import recipe

        aside = ("target", "loss", "optimizer", "lr")
        names = [field.name for field in fields(self) if field.name not in aside]
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.pretrained is not None:
            given["pretrained"] = beginning(self.pretrained, store)
        made = recipe(located(data, self.target), model, self.loss, self.optimizer or "adam", **given)
        return made if self.lr is None else made.change(**{"optimizer.lr": self.lr})

    def command(self, verb: str, data: str, model: str) -> str:
        """The command line of another verb for the same training, to be copied."""
        words = ["whynet", verb, data, model]
        for field in fields(self):
            if getattr(self, field.name) is not None:
                words += ["--" + field.name.replace("_", "-"), str(getattr(self, field.name))]
        return shlex.join(words)


def beginning(given: str, store: str) -> str:
    """The file of weights that was typed, or that of a stored run. Raises `StoreError` where it is neither."""
    path = Path(given).expanduser()
    if given == "none" or path.suffix or len(path.parts) > 1 or path.exists():
        return given
    from whynet.runs.store import Store

    return str(Store(store).open(given).weights)


def located(data: str, target: str | None = None) -> Any:
    """The spec of what was typed as DATA: a name, a spec or a path, with the column to predict where one is given.

    Raises `UnknownNameError`, `OptionError`, `SpecError` or `DataError`.
    """
    from whynet.data import resolve

    try:
        return resolve(data, target)
    except OptionError as error:
        if target is None and Path(data).is_file():
            raise OptionError(join([error.message, _HOW])) from None
        raise


_HOW = Text("On the command line: --target COLUMN", "명령줄에서는: --target 열이름")
