"""Six weak networks together: what are they worth beyond one?"""

import whynet

weak = whynet.recipe("digits", "mlp(widths=[4])", optimizer="adam(lr=0.01)", epochs=2)
for method in ("bagging", "boosting", "seeds"):
    made = whynet.ensemble(weak, method, members=6)
    print(method, made.verdict)
    print(made.interval, made.average, made.gain)  # together, one alone, and the difference, each with its 95 % interval

print(made.scores)  # each network by itself
print(made.predict(made.dataset.test.x[:3]))  # what they answer together
