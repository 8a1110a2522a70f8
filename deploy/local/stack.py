"""Everything the stages need, on one machine, under one folder."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Self, TextIO

from deploy.local import gateways
from deploy.local.credentials import load_credentials
from deploy.local.errors import SetupError
from deploy.local.kafka import fetch_jars
from deploy.local.lock import take_lock
from deploy.local.mailbox.part import Mailbox
from deploy.local.parts import KINDS, Part, build_part, local_kinds, outside_settings
from deploy.local.ports import assign_ports
from deploy.local.preflight import check_machine
from deploy.local.proxy import without_proxy
from deploy.local.signals import asked_to_stop
from deploy.local.supervisor import Program, Supervisor

__all__ = ["Program", "Progress", "Stack"]

Progress = Callable[[str, str], None]  # told (part, what it does now)

READY_SECONDS = 180.0  # a loaded machine whose Kafka was killed with work in hand has been seen to need 100
GLANCE_SECONDS = 0.1


def _silent(_part: str, _doing: str) -> None:
    """Tell nobody."""


class Stack:
    """Kafka, SeaweedFS and the mailbox below `root`, and any programs run with them; a context manager.

    A part whose first setting (NATIVEFAX_KAFKA_BOOTSTRAP, _STORE_ENDPOINT, _SMTP_HOST) is in `outside` is not started:
    its settings are passed on as `outside` has them.

    Args:
        root: Holds data, ports, secrets, logs. A later stack on the same root goes on with all of it.
        ports: Fixed ports by name: kafka, kafka_controller, store, store_master, store_volume, store_filer, smtp,
            mailbox, and those of `gateways.PORTS`. Each other one is chosen once and remembered.
        cache: Where jars are kept; below `root` by default.
        outside: The environment; this process's by default.

    Attributes:
        environment: The settings of the stages, once started, as somebody who may do everything; see `settings_of`.
        ports: The ports in use, once started.
        supervisor: Runs the parts, under the names kafka, store and mailbox, and the programs.
    """

    def __init__(
        self,
        root: Path = Path(".local"),
        *,
        ports: Mapping[str, int] | None = None,
        cache: Path | None = None,
        outside: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root.absolute()
        self.environment: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self.supervisor = Supervisor(self.root)
        self._configured = dict(ports or {})
        self._cache = cache or self.root / "cache"
        self._outside = os.environ if outside is None else outside
        self._parts: dict[str, Part] = {}
        self._lock: TextIO | None = None
        self._abandoned = threading.Event()  # set when one part failed: the others need not come up any more

    @property
    def maildir(self) -> Path:
        """Where the local mailbox keeps its mail."""
        return self.root / "mail"

    @property
    def mailbox_url(self) -> str | None:
        """The local mailbox's page; None when mail goes elsewhere."""
        part = self._parts.get("mailbox")
        return part.url if isinstance(part, Mailbox) else None

    def prefetch(self, progress: Progress = _silent) -> None:
        """Take from the network, into the cache, what starting will need.

        Raises:
            SetupError: It cannot be reached.
        """
        if "kafka" in local_kinds(self._outside):
            fetch_jars(self._cache / "maven", lambda doing: progress("kafka", doing))

    def start(self, progress: Progress = _silent) -> dict[str, str]:
        """Start every part that runs here, side by side, and return the settings of the stages when all are ready.

        Raises:
            SetupError: Something stands in the way; whatever was started is stopped again.
        """
        check_machine(self.root, local_kinds(self._outside))
        self._lock = take_lock(self.root / "run" / "stack.lock")
        try:
            self._configure()
            self.supervisor.open(inherit=[self._lock.fileno()])
            self._bring_all_up(progress)
        except BaseException:
            self.stop()
            raise
        return self.environment

    def run(self, programs: Iterable[Program]) -> None:
        """Run more programs, with `environment` and, over it, their own; they are stopped before the parts."""
        env = {**without_proxy(os.environ), **self.environment}
        self.supervisor.add([replace(one, env={**env, **one.env}) for one in programs])

    def settings_of(self, process: str) -> dict[str, str]:
        """What differs for a process from `environment`: who it is at the parts that run here."""
        return {name: value for part in self._parts.values() for name, value in part.settings_of(process).items()}

    def await_ready(self, name: str) -> None:
        """Wait until a part does its work, for instance after it was started again.

        Raises:
            SetupError: It does not within 180 s, or it gave up; with the end of its log.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not self._parts[name].ready():
            states = {one.state for one in self.supervisor.processes() if one.program == name}
            if self._abandoned.is_set() or "FATAL" in states or time.monotonic() > deadline:
                raise self._failure(name)
            time.sleep(GLANCE_SECONDS)

    def serve(self) -> None:
        """Wait until asked to stop (SIGINT, SIGTERM, SIGHUP). Main thread only.

        Raises:
            SetupError: The supervisor ended by itself.
        """
        with asked_to_stop() as asked:
            while not asked():
                if not self.supervisor.alive():
                    raise SetupError("The supervisor ended.", cure=f"Its log tells why: {self.root / 'logs'}")
                time.sleep(GLANCE_SECONDS)

    def stop(self) -> None:
        """Stop the programs, then the parts, and leave no process."""
        if self.supervisor.alive():
            names = [program.name for program in self.supervisor.programs]
            self.supervisor.stop(*[name for name in names if name not in self._parts])
            self.supervisor.stop(*[name for name in names if name in self._parts])
        self.supervisor.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _configure(self) -> None:
        local = local_kinds(self._outside)
        names = [port for kind in local for port in KINDS[kind].ports]
        self.ports = assign_ports(self.root / "ports.json", [*names, *gateways.PORTS], self._configured)
        credentials = load_credentials(self.root / "secrets.json")
        self._parts = {kind: build_part(kind, self.root, self._cache, self.ports, credentials) for kind in local}
        own = {
            "NATIVEFAX_LINKS_SECRET": credentials.links_secret,
            **gateways.gateway_settings(self.root, self.ports, credentials),
        }
        self.environment = {name: self._outside.get(name) or value for name, value in own.items()}
        self.environment |= outside_settings(self._outside)
        for part in self._parts.values():
            self.environment |= part.settings

    def _bring_all_up(self, progress: Progress) -> None:
        self._abandoned.clear()
        with ThreadPoolExecutor(len(KINDS)) as threads:
            try:
                for done in as_completed(
                    [threads.submit(self._bring_up, part, progress) for part in self._parts.values()]
                ):
                    done.result()
            except BaseException:
                self._abandoned.set()
                raise

    def _bring_up(self, part: Part, progress: Progress) -> None:
        def tell(doing: str) -> None:
            if self._abandoned.is_set():
                raise self._failure(part.name)
            progress(part.name, doing)

        program = part.prepare(tell)
        tell("starting")
        self.supervisor.add([program])
        self.await_ready(part.name)
        tell("ready")

    def _failure(self, name: str) -> SetupError:
        log = self.root / "logs" / f"{name}-0.log"
        lines = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
        return SetupError(
            f"{name} did not become ready. The end of its log:\n" + "\n".join(lines),
            cure=f"Read {log}, then run the same command again; no data is lost by that.",
        )
