"""What a network is made of: layers, bends between them, width and depth."""

from whynet.text import Text

TITLE = Text("Networks", "신경망")
PLACE = 25
