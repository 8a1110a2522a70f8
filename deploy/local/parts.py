"""The parts of the local stack, less those that the environment says run elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.local.credentials import Credentials
from deploy.local.kafka import KafkaNode
from deploy.local.mailbox.part import Mailbox
from deploy.local.programs import Program
from deploy.local.seaweedfs import SeaweedFS, WeedPorts

USERNAME = "nativefax"
BUCKET = "nativefax"


class Part(Protocol):
    """A server the stages need."""

    @property
    def name(self) -> str:
        """Also its program's name."""

    @property
    def settings(self) -> dict[str, str]:
        """What it takes to reach it: who may do everything there."""

    def settings_of(self, process: str) -> dict[str, str]:
        """What is a process's own of that: who may do only what its work takes."""

    def prepare(self, progress: Callable[[str], None]) -> Program:
        """Make what it needs on disk, and tell how it is run; done before every start."""

    def ready(self) -> bool:
        """Whether it does its work now; may take a few seconds to tell."""


@dataclass(frozen=True)
class Kind:
    """A part before it has ports.

    Attributes:
        prefix: What its settings begin with.
        switch: The setting that, when the environment has it, says that the part runs elsewhere.
        ports: The names of the ports it takes.
    """

    prefix: str
    switch: str
    ports: tuple[str, ...]


KINDS = {
    "kafka": Kind("NATIVEFAX_KAFKA_", "NATIVEFAX_KAFKA_BOOTSTRAP", ("kafka", "kafka_controller")),
    "store": Kind(
        "NATIVEFAX_STORE_", "NATIVEFAX_STORE_ENDPOINT", ("store", "store_master", "store_volume", "store_filer")
    ),
    "mailbox": Kind("NATIVEFAX_SMTP_", "NATIVEFAX_SMTP_HOST", ("smtp", "mailbox")),
}


def local_kinds(outside: Mapping[str, str]) -> list[str]:
    """The parts to run here: those whose switch `outside` lacks or leaves empty."""
    return [name for name, kind in KINDS.items() if not outside.get(kind.switch)]


def outside_settings(outside: Mapping[str, str]) -> dict[str, str]:
    """The settings, as `outside` gives them, of the parts that run elsewhere."""
    local = local_kinds(outside)
    prefixes = tuple(kind.prefix for name, kind in KINDS.items() if name not in local)
    return {name: value for name, value in outside.items() if name.startswith(prefixes)}


def build_part(name: str, root: Path, cache: Path, ports: Mapping[str, int], credentials: Credentials) -> Part:
    """The part called `name`, keeping its data below `root`."""
    if name == "kafka":
        return _kafka(root, cache, ports, credentials)
    if name == "store":
        return _store(root, ports, credentials)
    return Mailbox(
        root / "mailbox", root / "mail", ports["smtp"], ports["mailbox"], USERNAME, credentials.smtp_password
    )


def _kafka(root: Path, cache: Path, ports: Mapping[str, int], credentials: Credentials) -> KafkaNode:
    return KafkaNode(
        folder=root / "kafka",
        cache=cache / "maven",
        port=ports["kafka"],
        controller_port=ports["kafka_controller"],
        username=USERNAME,
        password=credentials.kafka_password,
        users=credentials.kafka_users(),
        cluster_id=credentials.kafka_cluster_id,
    )


def _store(root: Path, ports: Mapping[str, int], credentials: Credentials) -> SeaweedFS:
    return SeaweedFS(
        folder=root / "store",
        ports=WeedPorts(ports["store"], ports["store_master"], ports["store_volume"], ports["store_filer"]),
        bucket=BUCKET,
        access_key=credentials.store_access_key,
        secret_key=credentials.store_secret_key,
        stages=credentials.store_identities(),
        sse_key=credentials.store_sse_key,
    )
