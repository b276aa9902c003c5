"""Real trainings by Lightning and by Hugging Face's Trainer: tiny, without a download; healthy, and wired wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import whynet
from whynet.doctor.loop_diagnosis import LoopDiagnosis

pytestmark = [
    # Lightning 2.6.6 still asks pytree in the manner of torch 2.9; nothing of whynet's.
    pytest.mark.filterwarnings("ignore:`isinstance\\(treespec, LeafSpec\\)` is deprecated:FutureWarning"),
    # Lightning advises more workers; 256 examples in memory need none.
    pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers"),
]

X = torch.randn(256, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()
TOKENS = torch.randint(5, 50, (128, 12), generator=torch.Generator().manual_seed(0))


def names(found: list) -> list[str]:
    return [one.cause.name for one in found]


# --- Lightning -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lightning() -> Any:
    return pytest.importorskip("lightning")


def module(lightning: Any, fault: str) -> Any:
    """A LightningModule with one thing wrong, or nothing."""

    class Classifier(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))
            self.automatic_optimization = fault != "by hand"

        def forward(self, x: Tensor) -> Tensor:
            out = self.net(x)
            return out.softmax(dim=1) if fault == "softmax" else out

        def training_step(self, batch: Any, index: int) -> Tensor | None:
            x, y = batch
            if fault == "column":
                loss = F.mse_loss(self(x)[:, :1], y.float())
            else:
                loss = F.cross_entropy(self(x), y)
            if fault == "sign":
                loss = -loss
            self.log("loss", loss)
            if self.automatic_optimization:
                return loss
            self.manual_backward(loss)
            self.optimizers().step()
            return None

        def validation_step(self, batch: Any, index: int) -> None:
            x, y = batch
            self.log("accuracy", (self(x).argmax(dim=1) == y).float().mean())

        def configure_optimizers(self) -> torch.optim.Optimizer:
            held = self.net[3] if fault == "optimizer" else self
            return torch.optim.SGD(held.parameters(), lr=0.1)

        def optimizer_zero_grad(self, *given: Any) -> None:
            if fault != "zero grad":
                super().optimizer_zero_grad(*given)

    return Classifier()


def fit(lightning: Any, fault: str) -> Any:
    torch.manual_seed(0)
    callback = whynet.watch.lightning()
    trainer = lightning.Trainer(
        max_epochs=4, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[callback],
    )  # fmt: skip
    train, other = DataLoader(TensorDataset(X, Y), 16, shuffle=True), DataLoader(TensorDataset(X + 10, Y), 16)
    trainer.fit(module(lightning, fault), train, train if fault == "overlap" else other)
    return callback


def test_a_healthy_lightning_fit(lightning: Any) -> None:
    diagnosis: LoopDiagnosis = fit(lightning, "").diagnosis
    assert names([*diagnosis.confirmed, *diagnosis.suspected]) == []
    assert diagnosis.steps == 64
    assert not diagnosis.not_checked
    assert diagnosis.place.startswith(Path(__file__).name)  # the user's line, not one of Lightning's
    seen = names(diagnosis.cleared)
    assert {"missing-zero-grad", "batch-leakage", "batchnorm-train-eval-gap", "wrong-metric", "gradient-sign-flipped"} <= set(
        seen
    )


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("zero grad", "missing-zero-grad"),
        ("by hand", "missing-zero-grad"),
        ("softmax", "softmax-before-logits-loss"),
        ("column", "label-shape-broadcasting"),
        ("optimizer", "optimizer-misses-parameters"),
        ("sign", "gradient-sign-flipped"),
    ],
)
def test_a_lightning_fit_wired_wrongly(lightning: Any, fault: str, name: str) -> None:
    assert names(fit(lightning, fault).diagnosis.confirmed) == [name]


def test_a_lightning_fit_is_run_again_on_copies(lightning: Any) -> None:
    diagnosis = fit(lightning, "zero grad").trial(60.0)
    assert [one.fault.name for one in diagnosis.trial.tried] == ["missing-zero-grad"], str(diagnosis)


# --- Hugging Face ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def transformers() -> Any:
    pytest.importorskip("accelerate")
    return pytest.importorskip("transformers")


class Sentences(torch.utils.data.Dataset):
    """Tokens whose first tells the class; or, for a language model, whose every one is to be told."""

    def __init__(self, tokens: Tensor, language: bool = False) -> None:
        self.tokens, self.language = tokens, language

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, i: int) -> dict[str, Tensor]:
        one = self.tokens[i]
        labels = one if self.language else (one[0] > 25).long()
        return {"labels": labels, "input_ids": one, "attention_mask": torch.ones_like(one)}


def bert(transformers: Any, fault: str = "") -> Any:
    """A classifier that computes its loss in its own forward pass, with one thing wrong, or nothing."""

    class Classifier(transformers.BertForSequenceClassification):  # type: ignore[misc]
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            if fault == "softmax":
                self.classifier = nn.Sequential(self.classifier, nn.Softmax(dim=-1))
            if fault == "relu":
                self.classifier = nn.Sequential(self.classifier, nn.ReLU())

        def zero_grad(self, set_to_none: bool = True) -> None:
            if fault != "zero grad":
                super().zero_grad(set_to_none)

        def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None) -> Any:
            if fault == "mixed":
                input_ids = input_ids.t().reshape(input_ids.shape)
            if fault != "column":
                return super().forward(input_ids, attention_mask, labels=labels)
            out = super().forward(input_ids, attention_mask)
            if labels is not None:
                out.loss = F.mse_loss(out.logits[:, :1], labels.float())
            return out

    torch.manual_seed(0)
    return Classifier(transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=16, num_labels=2,
    ))  # fmt: skip


def train(transformers: Any, model: Any, path: Path, language: bool = False, **given: Any) -> Any:
    callback = whynet.watch.trainer()
    how = transformers.TrainingArguments(
        output_dir=str(path), num_train_epochs=3, per_device_train_batch_size=16, learning_rate=1e-3, report_to=[],
        save_strategy="no", eval_strategy="epoch", use_cpu=True, disable_tqdm=True, seed=0,
    )  # fmt: skip
    sets = {"train_dataset": Sentences(TOKENS[:96], language), "eval_dataset": Sentences(TOKENS[96:], language)}
    transformers.Trainer(model=model, args=how, callbacks=[callback], **sets, **given).train()
    return callback


def test_a_healthy_trainer(transformers: Any, tmp_path: Path) -> None:
    diagnosis = train(transformers, bert(transformers), tmp_path).diagnosis
    assert names([*diagnosis.confirmed, *diagnosis.suspected]) == []
    assert diagnosis.steps == 18
    assert not diagnosis.not_checked
    assert diagnosis.place.startswith(Path(__file__).name)
    seen = {"softmax-before-logits-loss", "loss-summed-not-averaged", "validation-overlaps-train", "batch-leakage"}
    assert seen | {"gradient-sign-flipped", "batchnorm-train-eval-gap", "labels-misaligned"} <= set(names(diagnosis.cleared))


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("softmax", "softmax-before-logits-loss"),
        ("relu", "activation-on-logits"),
        ("column", "label-shape-broadcasting"),
        ("zero grad", "missing-zero-grad"),
        ("mixed", "batch-leakage"),
    ],
)
def test_a_trainer_wired_wrongly(transformers: Any, tmp_path: Path, fault: str, name: str) -> None:
    assert names(train(transformers, bert(transformers, fault), tmp_path).diagnosis.confirmed) == [name]


def test_an_optimizer_of_another_model(transformers: Any, tmp_path: Path) -> None:
    other = torch.optim.AdamW(bert(transformers).parameters())
    diagnosis = train(transformers, bert(transformers), tmp_path, optimizers=(other, None)).diagnosis
    assert names(diagnosis.confirmed) == ["optimizer-misses-parameters"]


def test_a_language_model_is_run_again_on_copies(transformers: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=50, n_positions=16, n_embd=8, n_layer=1, n_head=1, bos_token_id=0, eos_token_id=0
    ))  # fmt: skip
    model.zero_grad = lambda set_to_none=True: None
    callback = train(transformers, model, tmp_path, language=True)
    assert names(callback.diagnosis.confirmed) == ["missing-zero-grad"]
    assert names(callback.diagnosis.suspected) == []
    assert [one.fault.name for one in callback.trial(60.0).trial.tried] == ["missing-zero-grad"]
