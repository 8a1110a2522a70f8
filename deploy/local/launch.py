"""Become a supervised program that dies with its supervisor; a private file tells command, folder and environment.

Standard library only and started with ``python -I -S``, for it runs before every process of the stack.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    program = json.loads(Path(sys.argv[1]).read_text())
    os.chdir(program["folder"])
    os.execvpe(program["command"][0], program["command"], {**os.environ, **program["env"]})  # noqa: S606 - no shell
