"""Lightning: a `LightningModule` and a `Trainer` with logging, checkpoints and the progress bar off.

The loader gathers a batch by one index, which is many times faster than collating examples and is what its manual advises for
tensors in memory.
"""

import logging
import time
import warnings

import torch
from serving import BATCH, FLAT, GIVEN, PER_EPOCH, SIZES, Y, serve
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

import lightning  # isort: skip

torch.set_num_threads(GIVEN["threads"])
torch.manual_seed(GIVEN["seeds"][0])
warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)


class Classifier(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        layers = [layer for before, after in SIZES for layer in (nn.Linear(before, after), nn.ReLU())]
        self.network = nn.Sequential(*layers[:-1])
        self.rule = torch.optim.Adam(self.network.parameters(), lr=GIVEN["rates"][0])
        self.losses = []

    def training_step(self, batch, _):
        x, y = batch
        loss = nn.functional.cross_entropy(self.network(x), y)
        self.losses.append(loss.detach())
        return loss

    def configure_optimizers(self):
        return self.rule  # one and the same over all calls, so that its state goes on

    def on_train_epoch_start(self):
        self.losses.clear()

    def on_train_epoch_end(self):
        if self.current_epoch == 0:  # the first epoch of a call sets things up
            self.begun = time.perf_counter()


examples = TensorDataset(torch.from_numpy(FLAT), torch.from_numpy(Y))
batches = DataLoader(examples, sampler=BatchSampler(RandomSampler(examples), BATCH, drop_last=True), batch_size=None)
model = Classifier()


def train(epochs):
    trainer = lightning.Trainer(
        max_epochs=epochs + 1, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(model, batches)
    seconds = time.perf_counter() - model.begun
    return seconds, float(torch.stack(model.losses[-PER_EPOCH:]).mean())


serve(train)
