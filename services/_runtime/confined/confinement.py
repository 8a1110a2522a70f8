"""What a worker process gives up before it touches a document."""

import ctypes
import fcntl
import multiprocessing
import os
import resource
import signal
from typing import Final

MEMORY: Final = 1 << 30
"""Address space of a worker, in bytes; a page as large as any admitted takes some 300 MiB."""
FILE_SIZE: Final = 64 << 20
"""The largest file a worker could write, in bytes. It writes none."""
NICENESS: Final = 5
"""Converting gives way to the stage's own loop."""
SECRETS: Final = "NATIVEFAX_"
"""Settings, secrets among them, are environment variables of this prefix."""
KEPT: Final = 256 << 20
"""Freed memory a worker keeps, in bytes: to map a page's 4 MB anew for every page is a third of all its CPU."""

# linux/prctl.h, linux/sched.h, malloc.h
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


def confine() -> None:
    """Limit this process for good, in memory, files, network, privileges and environment; it dies with its parent.

    Where the system forbids a network of one's own, as many containers do, that one limit is left out.
    """
    libc = ctypes.CDLL(None)
    _die_with_opener(libc)
    leave_network(libc)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # ends a call into C too, for which a handler would wait
    _limit()
    _forget_secrets(libc)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy's library would start a thread for each core
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Have the C library keep what is freed for the next page, where it is glibc."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, KEPT)
        libc.mallopt(_M_TRIM_THRESHOLD, KEPT)


def leave_network(libc: ctypes.CDLL) -> None:
    """Give up privileges to come, and the network, where the system lets a process have one of its own."""
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.unshare(_CLONE_NEWNET):
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def die_with_parent(libc: ctypes.CDLL) -> None:
    """Have the kernel kill this process when its parent is gone; that holds for what it becomes by exec, too."""
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def allow_cpu(seconds: int) -> None:
    """Let this process use so many more seconds of CPU; past them the kernel ends it, whatever it is doing."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = int(spent.ru_utime + spent.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def _die_with_opener(libc: ctypes.CDLL) -> None:
    """Have the kernel kill this process when the one that opened the pool, or the server that forked this, is gone.

    The server outlives the opener as long as a worker does, so its death alone would never come. The opener holds the
    other end of a pipe; its closing is signalled.
    """
    die_with_parent(libc)
    opener = multiprocessing.parent_process()
    if opener is not None:
        fcntl.fcntl(opener.sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(opener.sentinel, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(opener.sentinel, fcntl.F_SETFL, os.O_ASYNC | fcntl.fcntl(opener.sentinel, fcntl.F_GETFL))


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    os.nice(NICENESS)


def _forget_secrets(libc: ctypes.CDLL) -> None:
    """Remove the settings from the environment, and overwrite them where the kernel shows /proc/self/environ."""
    libc.getenv.restype = ctypes.c_void_p
    for name in [name for name in os.environb if name.startswith(SECRETS.encode())]:
        place = libc.getenv(name)
        if place:
            ctypes.memset(place, 0, len(os.environb[name]))
        del os.environb[name]
