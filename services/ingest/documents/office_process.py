"""Becomes LibreOffice, after giving up what it must not have: `python -m …office_process SECONDS PROGRAM ARGUMENTS`.

A process of its own, for nothing may run between fork and exec of a process that has threads.
"""

import ctypes
import os
import resource
import sys
from typing import Final

from services._runtime.confined.confinement import FILE_SIZE, NICENESS, die_with_parent, leave_network

MEMORY: Final = 3 << 30
"""Address space, in bytes. LibreOffice maps more than one GiB before it opens anything."""
PROCESSES: Final = 512
"""Threads and processes of this user."""


def main() -> None:
    """Confine this process, and become the program."""
    seconds, program = int(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None)
    die_with_parent(libc)
    leave_network(libc)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    os.nice(NICENESS)
    os.execv(program[0], program)  # noqa: S606  # the program is ours, and no shell is wanted


if __name__ == "__main__":
    main()
