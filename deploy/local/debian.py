"""The Debian packages some tests need: which are missing, and installing them as root.

setup.py sees to them before `make test`: as root they are installed, else the reader is told what to type. Standard
library only, for nothing may be installed yet.
"""

import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
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
        found = find_command(name) if kind == "command" else ctypes.util.find_library(name)
        return found is not None


def find_command(name: str) -> str | None:
    """The path of a program, also of those for administrators, which Debian's ordinary users haven't on theirs."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))


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


def can_install() -> bool:
    """Whether this user may install Debian packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Collection[str]) -> bool:
    """Install `packages` as root; tell whether that worked."""
    told = f"Installing Debian packages, which may take minutes: {' '.join(packages)} ..."
    print(told, file=sys.stderr, flush=True)  # noqa: T201 - for people
    apt = ["apt-get", "--quiet", "--yes"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*apt, "install", "--no-install-recommends", "--no-remove", *sorted(packages)]
    first = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    if first.returncode == 0:
        return True
    subprocess.run([*apt, "update"], env=environment, stdout=subprocess.DEVNULL, check=False)  # noqa: S603
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0  # noqa: S603


def told(missing: Collection[DebianPart]) -> str:
    """What `missing` would be for, and what to type."""
    lines = [f"  {part.package:<26} {part.purpose}" for part in missing]
    return "\n".join([*lines, f"As root: {apt_line(part.package for part in missing)}"])


def main() -> int:
    """Install what is missing if that is possible; the exit status is 1 only in CI, for what stays missing."""
    missing = [part for part in read_parts() if not part.is_there()]
    if not missing or (can_install() and install([part.package for part in missing])):
        return 0
    what = "and CI=true, so no test is run" if in_ci() else "and tests that need them are withheld"
    print(f"Parts from Debian are missing, {what}:\n{told(missing)}", file=sys.stderr)  # noqa: T201 - for people
    return int(in_ci())
