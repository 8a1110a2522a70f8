"""The cluster as processes of this machine: the stack that ``make run`` starts."""

import json
from collections.abc import Mapping
from pathlib import Path

from deploy.local.mailbox import Faults, write_faults
from deploy.local.rights import SettingsOf, grant_rights
from deploy.local.stack import Stack
from schemas.rights import PROCESSES
from services._runtime.settings import KafkaSettings
from tests.providers.cluster import Name

IDENTITIES = "TEST_STAGE_IDENTITIES"
CACHE = Path(__file__).parents[2] / ".local" / "cache"


def kafka_settings(environment: Mapping[str, str]) -> KafkaSettings:
    """How to reach the Kafka of an environment that isn't this process's."""
    prefix = "NATIVEFAX_KAFKA_"
    told = {name.removeprefix(prefix).lower(): one for name, one in environment.items() if name.startswith(prefix)}
    return KafkaSettings.model_validate(told)


def told_identities(settings_of: SettingsOf) -> dict[str, str]:
    """Who each process is, for whoever starts one (`tests.fault.workers`)."""
    return {IDENTITIES: json.dumps({name: dict(settings_of(name)) for name in PROCESSES})}


class LocalCluster:
    """A `Stack` below a folder of its own; `outside` names parts that run elsewhere."""

    def __init__(self, root: Path, outside: Mapping[str, str] | None = None) -> None:
        self.stack = Stack(root, cache=CACHE, outside=outside or {})

    @property
    def environment(self) -> dict[str, str]:
        return self.stack.environment | told_identities(self.settings_of) if self.stack.environment else {}

    def settings_of(self, process: str) -> dict[str, str]:
        return self.stack.settings_of(process)

    @property
    def maildir(self) -> Path:
        return self.stack.maildir

    @property
    def mailbox_url(self) -> str:
        assert self.stack.mailbox_url is not None
        return self.stack.mailbox_url

    def open(self) -> None:
        self.stack.start()
        grant_rights(kafka_settings(self.environment), self.settings_of)

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
