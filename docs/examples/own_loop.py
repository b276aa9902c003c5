"""Your own training loop, watched: one line around it, and nothing else changes."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

import whynet

pixels, labels = load_digits(return_X_y=True)
x, y = torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(labels)

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

with whynet.watch(model, optimizer) as w:
    for part in torch.randperm(len(x)).split(64):
        loss = F.cross_entropy(model(x[part]), y[part])
        loss.backward()  # and zero_grad?
        optimizer.step()

print(w.diagnosis.verdict)  # → The loop is wired wrongly: gradient never cleared.
for suspicion in w.diagnosis.confirmed:
    for evidence in suspicion.evidence:
        print(f"{evidence.what}: {evidence.observed}, healthy: {evidence.expected}")
print("\n".join(w.diagnosis.fix))
# → steps whose gradient still held that of the step before: 28 of 28, healthy: none
# → + optimizer.zero_grad()
