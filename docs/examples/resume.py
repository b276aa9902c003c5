"""Stop a training in the middle, go on with it, and get what an uninterrupted one would have given."""

import whynet
from whynet.engine.events import Stepped

recipe = whynet.recipe("iris", "mlp(widths=[16])", epochs=40)


def stop_halfway(event):
    """What Ctrl-C does."""
    if isinstance(event, Stepped) and event.step == 40:
        raise KeyboardInterrupt


store = whynet.Store("experiments")
try:
    whynet.fit(recipe, store, listen=stop_halfway, checkpoint_every=0.0)
except KeyboardInterrupt:
    print(store.find("last").status)  # → interrupted

resumed = whynet.resume(store, "last")
whole = whynet.fit(recipe, store)
print(resumed.status, resumed.history.loss == whole.history.loss)  # → finished True
