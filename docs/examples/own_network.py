"""Your own network, data, loss function and optimizer, written as if whynet did not exist."""

import torch
from sklearn.datasets import load_digits
from torch import nn

import whynet

pixels, labels = load_digits(return_X_y=True)
x, y = torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(labels)


class MyNet(nn.Module):
    """Two layers, and a softmax that does not belong there."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, 32)
        self.relu = nn.ReLU()
        self.answer = nn.Linear(32, 10)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        return self.softmax(self.answer(self.relu(self.hidden(x))))


model = MyNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
diagnosis = whynet.why(model, (x, y), nn.CrossEntropyLoss(), optimizer, epochs=5)

print(diagnosis.verdict)
for remedy in diagnosis.mending:
    print(remedy.remedy.name, "->", remedy.summary.verdict)
