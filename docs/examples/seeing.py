"""A network out of a model's bricks, its features by name, and a detector on pictures whose objects are known."""

import torch

import whynet

bricks = "sequential([conv2d(8, 3, padding=1), basic_block(16, stride=2), dense_block(layers=2, growth=8), global_avg_pool])"
print(whynet.fit(whynet.recipe("digits", bricks, optimizer="adam(lr=0.01)", epochs=2)).score)

run = whynet.fit(whynet.known("resnet")[0].change(epochs=1))  # a recipe that is known to train the model
for name, feature in whynet.features(run, torch.zeros(1, 1, 8, 8), "stage?").items():
    print(name, tuple(feature.shape))

detector = whynet.fit(whynet.recipe("shapes(n=100)", 'yolo(body="small", width=4)', optimizer="adam(lr=0.005)", epochs=1))
print(detector.metric, detector.task.classes)
