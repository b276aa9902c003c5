"""skorch: a `NeuralNetClassifier` trained by `partial_fit`, its own split and its printing off; the loader as in Lightning's script."""

import time

import torch
from serving import BATCH, FLAT, GIVEN, SIZES, Y, serve
from skorch import NeuralNetClassifier
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

torch.set_num_threads(GIVEN["threads"])
torch.manual_seed(GIVEN["seeds"][0])


def loader(dataset, batch_size, **_):
    tensors = torch.utils.data.TensorDataset(torch.from_numpy(dataset.X), torch.from_numpy(dataset.y))
    return DataLoader(tensors, sampler=BatchSampler(RandomSampler(tensors), batch_size, drop_last=True), batch_size=None)


layers = [layer for before, after in SIZES for layer in (nn.Linear(before, after), nn.ReLU())]
net = NeuralNetClassifier(
    nn.Sequential(*layers[:-1]), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=GIVEN["rates"][0],
    batch_size=BATCH, train_split=None, iterator_train=loader, verbose=0,
).initialize()  # fmt: skip


def train(epochs):
    start = time.perf_counter()
    net.partial_fit(FLAT, Y, epochs=epochs)
    return time.perf_counter() - start, net.history[-1, "train_loss"]


serve(train)
