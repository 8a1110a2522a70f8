"""Ports on 127.0.0.1: chosen once, remembered, and checked before anything is started."""

import json
import secrets
import socket
from collections.abc import Collection, Mapping
from pathlib import Path

import psutil

from deploy.local.errors import SetupError
from deploy.local.programs import write_private

TWIN = 10_000  # SweaweedFS takes the port this far above each of its own as well
LOWEST, HIGHEST = 15_000, 22_500  # so that a twin stays below 32,768, where systems take ports for outgoing connections
ATTEMPTS = 1000


def assign_ports(file: Path, names: Collection[str], configured: Mapping[str, int]) -> dict[str, int]:
    """Give each name a port: the configured one, else the one remembered in `file` if it is free, else a new one.

    Raises:
        SetupError: A configured port is taken.
    """
    remembered: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    assigned: dict[str, int] = {}
    for name in names:
        if name in configured:
            assigned[name] = configured[name]
            _refuse_taken(name, configured[name])
        else:
            port = remembered.get(name)
            assigned[name] = port if port and is_free(port) else _choose({*assigned.values(), *configured.values()})
    write_private(file, json.dumps(remembered | assigned, indent=2))
    return assigned


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else a closed connection's wait counts as taken
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def holder(port: int) -> str | None:
    """The process that listens on `port`, as ``name (process 123)``, where the system lets us see it."""
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid]
        process = psutil.Process(listening[0].pid)
        return f"{process.name()} (process {process.pid})"
    except (psutil.Error, IndexError):
        return None


def _refuse_taken(name: str, port: int) -> None:
    if not is_free(port):
        raise SetupError(
            f"Port {port}, configured for {name}, is taken by {holder(port) or 'another process'}.",
            cure="Stop that process, configure another port, or configure none and a free one is chosen.",
        )


def _choose(avoid: Collection[int]) -> int:
    for _ in range(ATTEMPTS):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if port not in avoid and is_free(port) and is_free(port + TWIN):
            return port
    raise SetupError(f"No free port between {LOWEST} and {HIGHEST}.", cure="Stop processes that hold ports there.")
