"""The databases that a test of a stateful stage runs on: both kinds, empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.providers.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL, started when the first test asks and shared by all. A test that kills or stops it starts it again."""
    server = Postgres()
    try:
        server.open()
        yield server
    finally:
        server.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.give_back(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, for `services._runtime.database.connect`: the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.sqlite"
    url: str = request.getfixturevalue("postgres_url")
    return url
