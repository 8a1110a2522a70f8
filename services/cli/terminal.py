"""The one console that commands print on, and how what is logged meanwhile is told to a person."""

import logging
import sys

from rich.console import Console

PIPED_WIDTH = 200
"""Columns when nobody looks: a table in a file or a pipe keeps its ids whole."""

_USUAL = {*vars(logging.makeLogRecord({})), "message"}


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for every table; long lines aren't broken."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, soft_wrap=True, highlight=False, width=None if stream.isatty() else PIPED_WIDTH)


def tell_warnings() -> None:
    """Have warnings and errors told on stderr, a line each, until a stage that this process becomes logs its own way.

    Kafka's client stays silent: that it has no connection, and what it left open then, is told by who wanted one.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Sentence())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for noisy in ("aiokafka", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


class _Sentence(logging.Formatter):
    """What is said, and what it is of: "a record can't be read: key fax/2026/…, errors 2"."""

    def format(self, record: logging.LogRecord) -> str:
        of = ", ".join(f"{name} {value}" for name, value in vars(record).items() if name not in _USUAL)
        return f"{record.getMessage()}: {of}" if of else record.getMessage()
