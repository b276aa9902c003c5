"""Why depth hurts, and what mends it."""

from whynet.text import Text

TITLE = Text("Trouble with depth", "깊이가 부르는 문제")
PLACE = 30
