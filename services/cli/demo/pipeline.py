"""The pipeline the demo uses: the one that runs below a folder, or one of its own that ends with it."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from deploy.local.errors import SetupError
from deploy.local.stack import Stack
from services.cli.errors import Refused
from services.cli.running import READY_SECONDS, start_pipeline
from services.cli.surroundings import adopt, ready_processes
from services.stages import STAGES


@contextmanager
def pipeline(root: Path, console: Console) -> Iterator[Path]:
    """The Maildir of a pipeline whose settings are in this process's environment.

    Raises:
        SetupError: It can't be started, or the one that runs doesn't become ready.
        Refused: Its mail goes elsewhere.
    """
    if runs(root):
        console.print(f"Using the pipeline that runs in {root.absolute()}; it is left running.")
        _await(root)
        adopt(root)
        yield root.absolute() / "mail"
        return
    stack = Stack(root)
    try:
        start_pipeline(stack, {}, console)
        if stack.mailbox_url is None:
            raise Refused(
                "The demo reads the local mailbox, but NATIVEFAX_SMTP_HOST sends the mail elsewhere. Unset it."
            )
        yield stack.maildir
    finally:
        console.print("Stopping…")
        stack.stop()


def runs(root: Path) -> bool:
    """Whether a pipeline holds the lock of `root`."""
    file = root / "run" / "stack.lock"
    if not file.exists():
        return False
    with file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _await(root: Path) -> None:
    """Wait until every stage of the pipeline that runs here is ready."""
    deadline = time.monotonic() + READY_SECONDS
    while missing := set(STAGES) - {one["stage"] for one in ready_processes(root)}:
        if time.monotonic() > deadline:
            raise SetupError(
                f"The pipeline in {root.absolute()} runs, but is not ready: {', '.join(sorted(missing))}.",
                cure=f"Read {root.absolute()}/logs, or stop it and run the demo again.",
            )
        time.sleep(0.2)
