"""The Debian packages some tests need: which are missing, and installing them as root.

``python -m deploy.local.debian`` installs them, or tells what to type.
"""

import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).parents[2] / "requirements" / "debian.txt"


@dataclass(frozen=True)
class DebianPart:
    """A package, and the ``command:`` or ``library:`` that shows that it is installed."""

    package: str
    probe: str
    purpose: str

    def is_there(self) -> bool:
        """Whether its command or library is found, however it was installed."""
        kind, _, name = self.probe.partition(":")
        found = shutil.which(name) if kind == "command" else ctypes.util.find_library(name)
        return found is not None


def read_parts(path: Path = LIST) -> Iterator[DebianPart]:
    """The packages of a list such as requirements/debian.txt."""
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            package, probe, purpose = line.split(maxsplit=2)
            yield DebianPart(package, probe, purpose)


def apt_line(packages: Iterable[str]) -> str:
    """What to type, as root, to install `packages`."""
    return f"apt-get install --no-install-recommends {' '.join(sorted(packages))}"


def in_ci() -> bool:
    """Whether a missing part is a failure."""
    return os.environ.get("CI") == "true"


def install(packages: Iterable[str]) -> bool:
    """Install `packages` as root; tell whether that worked."""
    apt = ["apt-get", "--quiet", "--yes"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*apt, "install", "--no-install-recommends", "--no-remove", *sorted(packages)]
    first = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    if first.returncode == 0:
        return True
    subprocess.run([*apt, "update"], env=environment, stdout=subprocess.DEVNULL, check=False)  # noqa: S603
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0  # noqa: S603


def main() -> int:
    """Install what is missing if that is possible; the exit status is 1 only in CI, for what stays missing."""
    missing = [part.package for part in read_parts() if not part.is_there()]
    if not missing:
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing Debian packages: {', '.join(missing)}", flush=True)  # noqa: T201 - a command's output
        if install(missing):
            return 0
    print(f"Some tests need parts that are missing. As root: {apt_line(missing)}", file=sys.stderr)  # noqa: T201
    return int(in_ci())


if __name__ == "__main__":
    sys.exit(main())
