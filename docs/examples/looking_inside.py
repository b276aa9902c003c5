"""What a network sees: as numbers, as pictures, as a graph."""

import whynet
from whynet import figures

run = whynet.fit(whynet.recipe("digits", "lenet5", optimizer="adam(lr=0.003)", epochs=3))
test = run.fitted.dataset.test.x

for name, output in whynet.features(run, test[:4], "conv*").items():
    print(name, tuple(output.shape))  # conv1 (4, 6, 8, 8)

for name, figure in whynet.pictures(run, ["filters", "occlusion"]).items():
    print(figures.save(figure, f"pictures/{name}.png"))

drawn = whynet.graph(run, inputs=(1, 8, 8))
print(drawn.says)  # 12 modules, one after another
print("\n".join(drawn.as_lines()))
figures.save(figures.graph(drawn), "pictures/lenet5.svg")
