"""One stack per root: a lock that lasts until the last process of the stack is gone."""

import fcntl
import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TextIO

import psutil

from deploy.local.errors import SetupError

SWEEP_SECONDS = 20.0  # how long the processes of a killed stack may take to end


def take_lock(file: Path) -> TextIO:
    """Lock `file` for this process and whoever inherits the descriptor; closing it everywhere gives it back.

    Raises:
        SetupError: Another process has the stack; tells which, since when, and how to stop it.
    """
    lock = file.open("a+")
    deadline = time.monotonic() + SWEEP_SECONDS
    while not _try(lock):
        owner = _owner(file)
        if owner is not None or time.monotonic() > deadline:
            lock.close()
            raise _refusal(file, owner)
        time.sleep(0.1)
    lock.truncate(0)
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    json.dump({"pid": os.getpid(), "since": time.time(), "command": command}, lock)
    lock.flush()
    return lock


def _try(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(file: Path) -> dict[str, object] | None:
    """Who wrote the lock, if that process still lives; None for a stack that is being swept away."""
    try:
        owner = json.loads(file.read_text())
        return owner if psutil.pid_exists(owner["pid"]) else None
    except (json.JSONDecodeError, KeyError):
        return None


def _refusal(file: Path, owner: dict[str, object] | None) -> SetupError:
    root = file.parent.parent
    if owner is None:
        return SetupError(
            f"Processes of an earlier run still hold {root}.",
            cure=f"See which with `fuser {file}`, end them, and run the same command again.",
        )
    since = datetime.fromtimestamp(float(str(owner["since"]))).astimezone()
    return SetupError(
        f"Native Fax already runs in {root}: `{owner['command']}`, process {owner['pid']}, "
        f"since {since:%Y-%m-%d %H:%M:%S %Z}.",
        cure=f"Stop it with Ctrl-C in its terminal or with `kill {owner['pid']}`, "
        "or let NATIVEFAX_ROOT name another folder.",
    )
