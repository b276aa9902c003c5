"""``python -m whynet``: the command line without its script."""

import sys

from whynet.cli.app import main
from whynet.engine.parallel import launched, leave

code = main()
if launched() > 1:
    leave(code)
sys.exit(code)
