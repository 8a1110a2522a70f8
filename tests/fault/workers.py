"""Processes of ours that tests kill, stop and count."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.local.parts import BUCKET
from tests.providers.local import IDENTITIES

REPOSITORY = Path(__file__).parents[2]
FAST = {
    "NATIVEFAX_STAGE_SESSION_SECONDS": "6",  # Kafka's smallest by default (group.min.session.timeout.ms)
    "NATIVEFAX_SMTP_TIMEOUT_SECONDS": "4",
    "NATIVEFAX_SMTP_CONNECT_SECONDS": "2",
    "NATIVEFAX_SMTP_LEASE_MARGIN_SECONDS": "3",
}


def eventually(what: str, check: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `check` holds, or fail saying `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class Worker:
    """One process of a stage. It is started anew when it ends by itself, as a supervisor would."""

    command: list[str]
    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes] = field(init=False)
    restarts: int = 0

    def __post_init__(self) -> None:
        self._launch()

    def _launch(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env={**os.environ, **self.environment}, stderr=log, stdout=log, cwd=REPOSITORY
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def ready(self) -> bool:
        if self.process.poll() is not None:
            self.restarts += 1
            self._launch()
        return self._ready_file() is not None

    def _ready_file(self) -> dict[str, str] | None:
        for file in self.folder.glob(f"*-{self.pid}.json"):
            about: dict[str, str] = json.loads(file.read_text() or "{}")
            return about or None
        return None

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels; 0 if it has none."""
        about = self._ready_file()
        assert about is not None
        text = httpx.get(f"{about['address']}/metrics/", verify=False).text  # which reads no certificates
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if line.startswith((name + "{", name + " ")) and all(one in line for one in wanted)
        )

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> int:
        """SIGKILL, and the pid that it hit."""
        pid = self.pid
        self.process.kill()
        self.process.wait()
        return pid

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _identity(command: list[str], environment: dict[str, str]) -> dict[str, str]:
    """A stage works as its own user, as it does anywhere; at the store where the bucket is the one of the policies."""
    told = json.loads(environment.get(IDENTITIES) or os.environ.get(IDENTITIES, "{}"))
    known: dict[str, str] = told.get(command[-1], {}) if command[:2] == ["-m", "services"] else {}
    bucket = environment.get("NATIVEFAX_STORE_BUCKET") or os.environ.get("NATIVEFAX_STORE_BUCKET")
    kinds = ("NATIVEFAX_KAFKA_", "NATIVEFAX_STORE_") if bucket == BUCKET else ("NATIVEFAX_KAFKA_",)
    return {name: value for name, value in known.items() if name.startswith(kinds)}


@contextmanager
def workers(
    folder: Path, environment: dict[str, str], commands: list[list[str]], *, wait: bool = True
) -> Iterator[list[Worker]]:
    """Start a process for each command; all end with the block."""
    started: list[Worker] = []
    try:
        for number, command in enumerate(commands):
            place = folder / f"worker-{number}-{len(list(folder.glob('worker-*')))}"
            place.mkdir(parents=True)
            own = {**FAST, **environment, **_identity(command, environment), "NATIVEFAX_STAGE_RUN_DIR": str(place)}
            started.append(Worker([sys.executable, *command], own, place))
        if wait:
            eventually("every worker is ready", lambda: all(one.ready() for one in started))
        yield started
    finally:
        for one in started:
            one.end()
