"""Stand between ``nativefax up`` and supervisord, so that neither's sudden death leaves a process behind.

As the *subreaper* of everything below it, the warden inherits each orphan, however deep. When the process that
started it is gone, or supervisord is, it kills what is left and ends. Standard library only.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
WATCHED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
GLANCE_SECONDS = 0.3  # how often to see whether the parent still lives


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)


def _in_the_child() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _children() -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                yield int(stat.parent.name)


def _sweep() -> None:
    """Kill every child until there is none: the orphans of each that dies become the next children."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for pid in _children():
                os.kill(pid, signal.SIGKILL)
            os.waitpid(-1, 0)


def _has_ended(pid: int) -> bool:
    """Reap whoever has died; tell whether `pid` was among them."""
    ended = set()
    with contextlib.suppress(ChildProcessError):
        while (reaped := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            ended.add(reaped)
    return pid in ended


def watch(command: list[str], parent: int) -> None:
    """Run `command` until it ends, or until the process `parent` has ended; then leave no descendant alive."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    child = subprocess.Popen(command, preexec_fn=_in_the_child).pid  # noqa: S603, PLW1509 - our own command, no threads
    while not _has_ended(child) and os.getppid() == parent:
        received = signal.sigtimedwait(WATCHED, GLANCE_SECONDS)
        if received is not None and received.si_signo != signal.SIGCHLD:
            os.kill(child, signal.SIGTERM)
    _sweep()


if __name__ == "__main__":
    watch(sys.argv[2:], int(sys.argv[1]))
