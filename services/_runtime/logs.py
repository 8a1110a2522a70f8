"""JSON log lines on stderr: time, level, stage, fax id; never a document's or a message's contents."""

import logging
import os
import sys

from aiokafka.errors import KafkaError
from pythonjsonlogger.json import JsonFormatter

from services._runtime.settling import current_event

QUIET = ("aiokafka", "uvicorn.error", "httpx", "botocore")


def configure(stage: str, level: str) -> None:
    """Send all logging of this process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            static_fields={"stage": stage, "pid": os.getpid()},
        )
    )
    handler.addFilter(_add_fax)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    faststream = logging.getLogger("services._runtime.consumer.faststream")
    faststream.setLevel("ERROR")
    faststream.addFilter(_without_trace)
    for noisy in QUIET:
        logging.getLogger(noisy).setLevel("WARNING" if level != "DEBUG" else "INFO")
    logging.getLogger("uvicorn.access").disabled = True  # its lines would carry the tokens of links


def _add_fax(record: logging.LogRecord) -> bool:
    fax_id = getattr(current_event.get(), "fax_id", None)
    if fax_id is not None:
        record.fax_id = str(fax_id)
    return True


def _without_trace(record: logging.LogRecord) -> bool:
    """FastStream tells each fetch that fails with a stack trace, every five seconds of an outage."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, KafkaError):
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", (), None
    return True
