"""The command line: one file for each verb, read by `whynet.cli.app`."""

from whynet.cli.app import main

__all__ = ["main"]
