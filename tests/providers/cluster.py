"""What tests see of Kafka, the object store and the mailbox, wherever these run."""

from pathlib import Path
from typing import Literal, Protocol

from deploy.local.mailbox import Faults

Name = Literal["kafka", "store", "mailbox"]


class Cluster(Protocol):
    """One of each part, reached by NATIVEFAX_… settings; `kill` and `stop` leave a part down until `start`."""

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a stage."""

    def settings_of(self, process: str) -> dict[str, str]:
        """What is a process's own of that: `environment` may do everything, a process what its work takes."""

    @property
    def maildir(self) -> Path:
        """Where the mailbox keeps its mail: see `read_maildir`."""

    @property
    def mailbox_url(self) -> str:
        """The mailbox's page."""

    def open(self) -> None:
        """Start every part and wait until all are ready."""

    def close(self) -> None:
        """End every part."""

    def kill(self, name: Name) -> None:
        """End a part by SIGKILL."""

    def stop(self, name: Name) -> None:
        """Ask a part to end, and wait."""

    def start(self, name: Name) -> None:
        """Start a part that is down, with the data it had, and wait until it is ready."""

    def show_faults(self, faults: Faults) -> None:
        """Have the mailbox misbehave from the next command on; `Faults()` ends it."""
