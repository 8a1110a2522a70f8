"""What supervisord is told: programs, and the configuration written from them."""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.py")
SOCKET_PATH_BYTES = 90  # a Unix socket's path has 107; supervisord binds a longer temporary name first


@dataclass(frozen=True)
class Program:
    """A command the supervisor keeps running.

    Attributes:
        name: Letters, digits, hyphens and underscores.
        command: The executable and its arguments.
        env: Added to the environment of `nativefax up`.
        processes: How many run at once.
        autostart: Whether they start when the program is added.
        stop_seconds: How long a process may take after SIGTERM before it is killed.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    processes: int = 1
    autostart: bool = True
    stop_seconds: int = 10

    def process_names(self) -> list[str]:
        """Each process by its own name, as supervisord and the log files know it."""
        return [f"{self.name}-{number}" for number in range(self.processes)]


@dataclass(frozen=True)
class Folders:
    """Where supervisord keeps things below the stack's root."""

    root: Path

    @property
    def run(self) -> Path:
        """Generated configuration; holds secrets."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log per process, rotated."""
        return self.root / "logs"

    @property
    def config(self) -> Path:
        """The file supervisord reads."""
        return self.run / "supervisord.ini"

    @property
    def socket(self) -> Path:
        """The control socket; in the system's temporary folder when the root's path is too long for one."""
        near = self.run.absolute() / "supervisor.sock"
        if len(os.fsencode(near)) <= SOCKET_PATH_BYTES:
            return near
        digest = hashlib.sha256(os.fsencode(near)).hexdigest()[:12]
        return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"nativefax-{digest}" / "s"

    @property
    def socket_from_root(self) -> Path:
        """The control socket as seen from the root."""
        return (
            self.socket.relative_to(self.root.absolute())
            if self.socket.is_relative_to(self.root.absolute())
            else self.socket
        )


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` in one step, readable only to this user (mode 0600)."""
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)


def write_config(folders: Folders, programs: Iterable[Program]) -> None:
    """Write supervisord's file, and one private file of command and environment per program."""
    sections = [_supervisord(folders)]
    for program in programs:
        spec = {"command": program.command, "env": dict(program.env), "folder": str(Path.cwd())}
        write_private(folders.run / f"{program.name}.json", json.dumps(spec))
        sections += [_process(program, name) for name in program.process_names()]
    write_private(folders.config, "\n".join(sections))


def _quoted(path: Path | str) -> str:
    """A path as supervisord's command lines want it: quoted, with its % doubled."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _supervisord(folders: Folders) -> str:
    """The head of the file; its paths count from the root, where supervisord runs, so that no % need be escaped."""
    user = "user=root" if os.geteuid() == 0 else ""  # said outright, else supervisord warns
    return f"""\
[supervisord]
nodaemon=true
silent=true
{user}
logfile=logs/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile=run/supervisord.pid
childlogdir=logs
identifier=nativefax

[unix_http_server]
file={folders.socket_from_root}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


def _process(program: Program, name: str) -> str:
    return f"""\
[program:{name}]
command={_quoted(sys.executable)} -I -S {_quoted(LAUNCH)} run/{program.name}.json
autostart={str(program.autostart).lower()}
autorestart=true
startsecs=3
startretries=20
stopsignal=TERM
stopwaitsecs={program.stop_seconds}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=logs/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""
