"""Hold a training in your hand: asking for the next event takes one step, not asking pauses it."""

import whynet
from whynet.engine.arm import prepare
from whynet.engine.events import Finished, Measured, Stepped
from whynet.engine.train import train

arm = prepare(whynet.recipe("iris", "mlp(widths=[16])", epochs=5))
for event in train([arm]):
    match event:
        case Stepped(step=1, losses=loss):
            print(f"first step: loss {loss.item():.3f}")
        case Measured(step=step, evaluations=[found]):
            print(step, [f"{one.split} {one.metric:.2f}" for one in found])
        case Finished(outcomes=[outcome]):
            print(outcome.status)
