"""Processes kept running by supervisord, which runs as a child of this process and dies with it."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from deploy.local.control import Control
from deploy.local.errors import SetupError
from deploy.local.programs import Folders, Program, write_config

__all__ = ["Process", "Program", "Supervisor"]

WARDEN = Path(__file__).with_name("warden.py")
SUPERVISORD = "from supervisor.supervisord import main; main()"
START_SECONDS = 20.0
BEGIN_SECONDS = 2.0
GLANCE_SECONDS = 0.05
DOWN = frozenset({"STOPPED", "EXITED", "FATAL", "UNKNOWN"})


@dataclass(frozen=True)
class Process:
    """One process as supervisord sees it: `pid` is 0 when it does not run, `since` is in Unix seconds."""

    name: str
    program: str
    state: str
    pid: int
    since: int


class Supervisor:
    """Programs run under `root`: configuration and socket in ``run/``, logs in ``logs/``.

    Every method may be called from any thread.
    """

    def __init__(self, root: Path) -> None:
        self.folders = Folders(root)
        self._control = Control(self.folders.socket)
        self._programs: dict[str, Program] = {}
        self._warden: subprocess.Popen[bytes] | None = None
        self._lock = threading.RLock()

    @property
    def programs(self) -> list[Program]:
        """The programs, in the order they were added."""
        return list(self._programs.values())

    def open(self, inherit: Sequence[int] = ()) -> None:
        """Start supervisord with no program yet.

        Args:
            inherit: File descriptors kept open until the last process of the stack is gone.

        Raises:
            SetupError: It does not answer within 20 s.
        """
        self._clear()
        write_config(self.folders, [])
        warden = [sys.executable, "-I", "-S", str(WARDEN), str(os.getpid())]
        supervisord = [sys.executable, "-c", SUPERVISORD]
        self._warden = subprocess.Popen(  # noqa: S603 - our own command
            [*warden, *supervisord, "-n", "-c", "run/supervisord.ini"],
            cwd=self.folders.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=inherit,
            start_new_session=True,  # Ctrl-C reaches only this process, which stops the others in order
        )
        if not self._until(self._control.answers, START_SECONDS):
            self.close()
            raise SetupError(
                "supervisord did not start.", cure=f"Its log tells why: {self.folders.logs / 'supervisord.log'}"
            )

    def add(self, programs: Iterable[Program]) -> None:
        """Add programs; those with `autostart` start at once. A program of the same name is replaced."""
        with self._lock:
            self._programs |= {program.name: program for program in programs}
            self._apply()

    def scale(self, name: str, processes: int) -> None:
        """Run `processes` of a program, starting or stopping only the difference.

        Raises:
            KeyError: There is no such program.
        """
        with self._lock:
            self._programs[name] = replace(self._programs[name], processes=processes)
            self._apply()

    def start(self, name: str) -> None:
        """Start a program's processes that do not run."""
        for process in self._programs[name].process_names():
            self._control.start(process)

    def stop(self, *names: str) -> None:
        """Stop programs side by side, each within its own time, and wait until all are down."""
        processes = [process for name in names for process in self._programs[name].process_names()]
        self._until(lambda: all(_has_begun(one.pid) for one in self.processes() if one.program in names), BEGIN_SECONDS)
        for process in processes:
            self._control.stop(process)
        self._await_down(processes)

    def restart(self, name: str) -> None:
        """Stop a program, then start it."""
        self.stop(name)
        self.start(name)

    def signal(self, name: str, signal_number: int) -> None:
        """Send a signal to each running process of a program; one that dies of it is started again."""
        for process in self._programs[name].process_names():
            self._control.signal(process, signal_number)

    def kill(self, name: str) -> None:
        """End a program with SIGKILL and leave it down until it is started."""
        processes = self._programs[name].process_names()
        self._control.kill(processes)
        self._await_down(processes)

    def processes(self) -> list[Process]:
        """Every process and its state, in supervisord's words (STARTING, RUNNING, BACKOFF, STOPPED, …)."""
        return [
            Process(info["name"], info["name"].rpartition("-")[0], info["statename"], info["pid"], info["start"])
            for info in self._control.call("getAllProcessInfo")
        ]

    def wait_down(self, name: str, timeout_seconds: float) -> bool:
        """Wait until no process of a program runs; tell whether that came about in time."""
        processes = set(self._programs[name].process_names())
        return self._until(lambda: self._are_down(processes), timeout_seconds)

    def alive(self) -> bool:
        """Whether supervisord still runs."""
        return self._warden is not None and self._warden.poll() is None

    def close(self) -> None:
        """End every program, side by side, and supervisord."""
        if self._warden is None:
            return
        with contextlib.suppress(OSError, TimeoutError):  # supervisord may be gone already
            self.stop(*self._programs)
        self._warden.terminate()
        longest = sum(program.stop_seconds for program in self._programs.values())
        try:
            self._warden.wait(longest + START_SECONDS)
        finally:
            self._warden.kill()
            self._warden.wait()
            self._warden = None
            self._programs.clear()

    def _apply(self) -> None:
        write_config(self.folders, self._programs.values())
        [[added, changed, removed]] = self._control.call("reloadConfig")
        for group in changed + removed:
            self._control.stop(group)
        self._await_down(changed + removed)
        for group in changed + removed:
            self._control.call("removeProcessGroup", group)
        for group in added + changed:
            self._control.call("addProcessGroup", group)

    def _await_down(self, processes: list[str]) -> None:
        longest = max((program.stop_seconds for program in self._programs.values()), default=0)
        if not self._until(lambda: self._are_down(set(processes)), longest + START_SECONDS):
            raise TimeoutError(f"still running: {', '.join(processes)}")

    def _are_down(self, names: set[str]) -> bool:
        return all(process.state in DOWN for process in self.processes() if process.name in names)

    def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not (met := condition()) and time.monotonic() < deadline:
            time.sleep(GLANCE_SECONDS)
        return met

    def _clear(self) -> None:
        """Make the folders, and remove what a killed supervisord left."""
        for folder in (self.folders.run, self.folders.logs, self.folders.socket.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.folders.socket.parent.stat().st_uid != os.geteuid():
            raise SetupError(
                f"{self.folders.socket.parent} belongs to another user.", cure="Set TMPDIR to a folder of yours."
            )
        self.folders.socket.unlink(missing_ok=True)


def _has_begun(pid: int) -> bool:
    """Whether a process is its program by now: at first it is a copy of supervisord, which forgets signals it gets."""
    try:
        return SUPERVISORD not in psutil.Process(pid).cmdline()
    except psutil.Error:
        return True
