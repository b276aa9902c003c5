"""What training rests on, each sentence measured."""

from whynet.text import Text

TITLE = Text("Mathematics", "수학")
PLACE = 10
