"""Which cluster the tests run against."""

import os
from pathlib import Path

import docker  # type: ignore[import-untyped]

from tests.providers.cluster import Cluster
from tests.providers.local import LocalCluster

ENGINE_SECONDS = 2


def engine_answers() -> bool:
    """Whether a Docker engine answers; that a `docker` command exists tells nothing."""
    try:
        client = docker.from_env(timeout=ENGINE_SECONDS)
        with_engine = bool(client.ping())
        client.close()
    except (docker.errors.DockerException, OSError):
        return False
    return with_engine


def provider() -> str:
    """``testcontainers`` or ``local``: what NATIVEFAX_TEST_CLUSTER says, else what the machine allows."""
    named = os.environ.get("NATIVEFAX_TEST_CLUSTER")
    if named in ("local", "testcontainers"):
        return named
    if named:
        raise ValueError(f"NATIVEFAX_TEST_CLUSTER is {named!r}; it can be local or testcontainers.")
    return "testcontainers" if engine_answers() else "local"


def make_cluster(root: Path) -> Cluster:
    """The chosen cluster, not yet open, keeping its files below `root`."""
    if provider() == "testcontainers":
        from tests.providers.containers import ContainerCluster  # noqa: PLC0415 - it asks for an engine when imported

        return ContainerCluster(root)
    return LocalCluster(root)
