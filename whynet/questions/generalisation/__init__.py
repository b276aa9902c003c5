"""Why what was learned holds for new data or does not, and what helps."""

from whynet.text import Text

TITLE = Text("Generalisation", "일반화")
PLACE = 40
