"""What a confined worker can still do; run inside one."""

import os
import resource
import socket
from pathlib import Path


def settings_left() -> list[str]:
    return [name for name in os.environ if name.startswith("NATIVEFAX_")]


def kernel_shows(secret: bytes) -> bool:
    try:
        return secret in Path("/proc/self/environ").read_bytes()
    except PermissionError:  # only root may read it of a process that can't be dumped
        return False


def limits() -> dict[str, tuple[int, int]]:
    names = ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_CPU")
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


def status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def reaches(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def writes(path: str, size: int) -> int:
    with Path(path).open("wb") as file:
        return file.write(bytes(size))


def open_sockets() -> int:
    """The descriptor of the listing itself is gone by the time it is looked at."""
    found = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]  # noqa: PTH208
    return sum(str(Path(path).readlink()).startswith("socket:") for path in found if os.path.lexists(path))


def has_own_network() -> bool:
    """Whether this process's network is not that of its parent, the server the workers are forked from."""
    try:
        return Path("/proc/self/ns/net").readlink() != Path(f"/proc/{os.getppid()}/ns/net").readlink()
    except OSError:
        return False
