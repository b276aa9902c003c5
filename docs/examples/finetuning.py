"""Weights learned on the digits 0 to 4, carried over to the digits 5 to 9, of which 50 are known."""

from sklearn.datasets import load_digits

import whynet

pixels, labels = load_digits(return_X_y=True)
x, late = (pixels / 16).reshape(-1, 1, 8, 8).astype("float32"), labels >= 5

start = whynet.recipe((x[~late], labels[~late]), "resnet(depth=8, width=8)", optimizer="adam(lr=0.003)", epochs=5)
first = whynet.fit(start)  # into the folder runs
print(first.weights.name)  # → weights.safetensors


def few(seed):
    """Other fifty examples under every seed."""
    return whynet.from_tensors(x[late], labels[late] - 5, train=50, seed=seed)


scratch = whynet.recipe(few, "resnet(depth=8, width=8)", optimizer="adam(lr=0.003)", steps=10)
result = whynet.compare(scratch, {"pretrained": [None, first.weights]}, seeds=5)
print(result.verdict)
print(result.summaries[1].outcome)  # → better

tuned = scratch.change(pretrained=first.weights, freeze=["stem", "stage1"], rates={"stage2": 0.1, "head": 2})
print(tuned.freeze)  # → stem, stage1
run = whynet.fit(tuned)
kept = run.module.get_parameter("stage1.0.conv1.weight")
print(bool((kept == first.module.get_parameter("stage1.0.conv1.weight")).all()))  # → True
