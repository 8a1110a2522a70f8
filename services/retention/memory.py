"""Keeping a process of many threads small."""

import ctypes

_M_ARENA_MAX = -8  # malloc.h of glibc
ARENAS = 2


def share_arenas() -> None:
    """Have glibc's malloc keep two arenas instead of eight a core, before any thread starts.

    Each thread that reads listings would else keep freed memory to itself: 125 MB instead of 119 after 100,000 objects.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, ARENAS)
