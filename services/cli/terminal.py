"""The one console that commands print on."""

import sys

from rich.console import Console

PIPED_WIDTH = 200
"""Columns when nobody looks: a table in a file or a pipe keeps its ids whole."""


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for every table; long lines aren't broken."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, soft_wrap=True, highlight=False, width=None if stream.isatty() else PIPED_WIDTH)
