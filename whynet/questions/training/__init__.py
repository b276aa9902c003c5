"""How a network comes to its weights."""

from whynet.text import Text

TITLE = Text("Training", "학습")
PLACE = 20
