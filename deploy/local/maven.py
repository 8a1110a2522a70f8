"""Pinned Maven artifacts, fetched once into a cache and checked by SHA-256 every time they are used."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
from jgo.maven import MavenContext

from deploy.local.errors import SetupError


@dataclass(frozen=True)
class Artifact:
    """One jar: its Maven coordinates and the SHA-256 it must have."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def coordinates(self) -> str:
        """``group:name:version``, as Maven writes it."""
        return f"{self.group}:{self.name}:{self.version}"


def read_lock(path: Path) -> Iterator[Artifact]:
    """The artifacts of a lock file, whose lines are ``group:name:version sha256:HEX``."""
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            coordinates, digest = line.split()
            group, name, version = coordinates.split(":")
            yield Artifact(group, name, version, digest.removeprefix("sha256:"))


def fetch(lock: Path, cache: Path, progress: Callable[[int, int], None] = lambda _done, _total: None) -> list[Path]:
    """Return the jar of each artifact in `lock`, taking from the network only what `cache` lacks.

    Args:
        lock: The lock file.
        cache: A folder laid out as a Maven repository; created when missing.
        progress: Told (jars ready, jars in all) after each jar.

    Raises:
        SetupError: The repository cannot be reached, or a jar is not the one that was pinned.
    """
    artifacts = list(read_lock(lock))
    context = MavenContext(repo_cache=cache, timeout=60)
    jars = []
    for done, artifact in enumerate(artifacts, start=1):
        jars.append(_fetch_one(artifact, context))
        progress(done, len(artifacts))
    return jars


def _fetch_one(artifact: Artifact, context: MavenContext) -> Path:
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    try:
        jar = Path(component.artifact().resolve())
    except (requests.RequestException, OSError, RuntimeError) as error:
        raise SetupError(
            f"{artifact.coordinates} could not be fetched from the Maven repository ({type(error).__name__}).",
            cure="Check the network and its proxy settings (HTTPS_PROXY), then run the same command again; "
            "what was fetched is kept.",
        ) from error
    if hashlib.sha256(jar.read_bytes()).hexdigest() != artifact.sha256:
        jar.unlink()
        raise SetupError(
            f"{artifact.coordinates} is not the file this project pinned; the copy was removed.",
            cure="Run the same command again. If it says so twice, the repository serves an altered file.",
        )
    return jar
