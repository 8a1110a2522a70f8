"""What all tests share: the cluster, and what happens to tests whose Debian parts are missing."""

from collections.abc import Iterator

import pytest

from services._runtime import topic_admin
from services._runtime.settings import KafkaSettings
from tests.needs import (  # noqa: F401 - hooks
    pytest_collection_modifyitems,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.providers.choice import make_cluster, provider
from tests.providers.cluster import Cluster
from tests.providers.databases import database, postgres, postgres_url  # noqa: F401 - fixtures


def pytest_report_header() -> str:
    return f"cluster: {provider()} (NATIVEFAX_TEST_CLUSTER=local|testcontainers chooses another)"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Kafka, the object store and the mailbox, started when the first test asks and shared by all.

    A test that kills or stops a part starts it again.
    """
    opened = make_cluster(tmp_path_factory.mktemp("cluster"))
    opened.open()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def kafka(cluster: Cluster) -> Iterator[KafkaSettings]:
    """The cluster with its topics, and the environment of this process as that of a stage."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        topic_admin.apply_now(KafkaSettings())
        yield KafkaSettings()
