"""The cluster as processes of this machine: the stack that ``make run`` starts."""

from collections.abc import Mapping
from pathlib import Path

from deploy.local.mailbox import Faults, write_faults
from deploy.local.stack import Stack
from tests.providers.cluster import Name

CACHE = Path(__file__).parents[2] / ".local" / "cache"


class LocalCluster:
    """A `Stack` below a folder of its own; `outside` names parts that run elsewhere."""

    def __init__(self, root: Path, outside: Mapping[str, str] | None = None) -> None:
        self.stack = Stack(root, cache=CACHE, outside=outside or {})

    @property
    def environment(self) -> dict[str, str]:
        return self.stack.environment

    @property
    def maildir(self) -> Path:
        return self.stack.maildir

    @property
    def mailbox_url(self) -> str:
        assert self.stack.mailbox_url is not None
        return self.stack.mailbox_url

    def open(self) -> None:
        self.stack.start()

    def close(self) -> None:
        self.stack.stop()

    def kill(self, name: Name) -> None:
        self.stack.supervisor.kill(name)

    def stop(self, name: Name) -> None:
        self.stack.supervisor.stop(name)

    def start(self, name: Name) -> None:
        self.stack.supervisor.start(name)
        self.stack.await_ready(name)

    def show_faults(self, faults: Faults) -> None:
        write_faults(self.stack.root / "mailbox", faults)
