"""Does momentum help here? Everything but the momentum is the same, on five seeds."""

import whynet

base = whynet.recipe("digits", "mlp", optimizer="sgd(lr=0.1)", epochs=3)
result = whynet.compare(base, {"optimizer.momentum": [None, 0.9]}, seeds=5)

print(result.verdict)
for row in result.summaries:
    print(row.level, row.mean, row.difference, row.p, row.superiority)
print(result.values["momentum=0.9"])  # the accuracy of each seed
