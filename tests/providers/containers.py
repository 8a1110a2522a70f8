"""The cluster in containers, from the images a cluster would run; the mailbox stays a process of this machine."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testcontainers.core.container import DockerContainer

from deploy.local.credentials import Credentials
from deploy.local.kafka import KafkaNode
from deploy.local.mailbox import Faults
from deploy.local.parts import build_part
from deploy.local.ports import assign_ports
from deploy.local.rights import grant_rights
from deploy.local.seaweedfs import SeaweedFS
from tests.providers.cluster import Name
from tests.providers.local import CACHE, LocalCluster, kafka_settings, told_identities

KAFKA_IMAGE = "apache/kafka:4.3.1"
STORE_IMAGE = "chrislusf/seaweedfs:4.48"
READY_SECONDS = 120.0
PORTS = ("kafka", "kafka_controller", "store", "store_master", "store_volume", "store_filer")

KAFKA_SCRIPT = """
printenv PROPERTIES > /tmp/server.properties
cd /opt/kafka/bin
./kafka-storage.sh format --ignore-formatted -t "$CLUSTER_ID" --add-scram "$SCRAM" -c /tmp/server.properties
exec ./kafka-server-start.sh /tmp/server.properties
"""
STORE_SCRIPT = """
mkdir -p /tmp/store/data
printenv IDENTITIES > /tmp/store/s3.json
exec weed "$@"
"""


class ContainerCluster:
    """Kafka and SeaweedFS as containers on fixed free ports, so that a restarted one is found where it was."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        ports = assign_ports(root / "container-ports.json", PORTS, {})
        credentials = Credentials()
        kafka = build_part("kafka", root, CACHE, ports, credentials)
        store = build_part("store", root, CACHE, ports, credentials)
        assert isinstance(kafka, KafkaNode)
        assert isinstance(store, SeaweedFS)
        self._kafka, self._store = kafka, store
        self._containers = {"kafka": _kafka(kafka), "store": _store(store)}
        self._ready: dict[str, Callable[[], bool]] = {"kafka": kafka.ready, "store": store.ready}
        self._local = LocalCluster(root / "mailbox", {**kafka.settings, **store.settings})

    @property
    def environment(self) -> dict[str, str]:
        return {**self._local.environment, **told_identities(self.settings_of)}

    def settings_of(self, process: str) -> dict[str, str]:
        return {**self._kafka.settings_of(process), **self._store.settings_of(process)}

    @property
    def maildir(self) -> Path:
        return self._local.maildir

    @property
    def mailbox_url(self) -> str:
        return self._local.mailbox_url

    def open(self) -> None:
        for container in self._containers.values():
            container.start()
        for name in self._containers:
            self._await_ready(name)
        self._local.open()
        grant_rights(kafka_settings(self.environment), self.settings_of)

    def close(self) -> None:
        self._local.close()
        for container in self._containers.values():
            container.stop()

    def kill(self, name: Name) -> None:
        if name == "mailbox":
            self._local.kill(name)
        else:
            self._wrapped(name).kill()
            self._wrapped(name).wait()

    def stop(self, name: Name) -> None:
        if name == "mailbox":
            self._local.stop(name)
        else:
            self._wrapped(name).stop(timeout=20)

    def start(self, name: Name) -> None:
        if name == "mailbox":
            self._local.start(name)
        else:
            self._wrapped(name).start()
            self._await_ready(name)

    def show_faults(self, faults: Faults) -> None:
        self._local.show_faults(faults)

    def _wrapped(self, name: str) -> Any:
        return self._containers[name].get_wrapped_container()

    def _await_ready(self, name: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready[name]():
            assert time.monotonic() < deadline, f"{name}: {self._containers[name].get_logs()}"
            time.sleep(0.2)


def _kafka(node: KafkaNode) -> Any:
    return (
        DockerContainer(KAFKA_IMAGE)
        .with_bind_ports(node.port, node.port)
        .with_env("PROPERTIES", node.properties("0.0.0.0", Path("/tmp/kafka-data")))
        .with_env("CLUSTER_ID", node.cluster_id)
        .with_env("SCRAM", node.scram)
        .with_kwargs(entrypoint=["sh", "-ec", KAFKA_SCRIPT])
    )


def _store(store: SeaweedFS) -> Any:
    arguments = store.arguments("0.0.0.0", Path("/tmp/store"))
    return (
        DockerContainer(STORE_IMAGE)
        .with_bind_ports(store.ports.s3, store.ports.s3)
        .with_env("IDENTITIES", store.identities())
        .with_env("WEED_S3_SSE_KEY", store.sse_key)
        .with_kwargs(entrypoint=["sh", "-ec", STORE_SCRIPT, "weed", *arguments])
    )
