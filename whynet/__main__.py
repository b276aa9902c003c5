"""``python -m whynet``: the command line without its script."""

import sys

from whynet.cli.app import main

sys.exit(main())
