"""Waiting for processes, and finding those that a test left behind."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether `condition` comes true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return met


def processes_naming(root: Path) -> list[int]:
    """Other processes of which the command line or the environment tells that they belong to `root`."""
    return [
        process.pid
        for process in psutil.process_iter()
        if process.pid != os.getpid() and str(root) in " ".join(_told(process))
    ]


def _told(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), *process.environ().values()] if process.status() != psutil.STATUS_ZOMBIE else []
    except psutil.Error:
        return []
