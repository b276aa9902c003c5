"""One program a file, named after its id in ``real_faults.yaml``; each holds a ``case``."""
