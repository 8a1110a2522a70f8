"""supervisord's control socket."""

import contextlib
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, MultiCall, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

NOT_RUNNING, ALREADY_STARTED = 70, 60  # supervisor.xmlrpc.Faults


@dataclass(frozen=True)
class Control:
    """Calls to the supervisord that listens on `socket`; each on a connection of its own, so from any thread."""

    socket: Path

    def call(self, method: str, *arguments: object) -> Any:
        """Call a method of the ``supervisor`` interface.

        Raises:
            OSError: Nobody listens.
            Fault: supervisord refuses.
        """
        with self._connect() as server:
            return getattr(server.supervisor, method)(*arguments)

    def answers(self) -> bool:
        """Whether it has started."""
        try:
            return bool(self.call("getState")["statename"] == "RUNNING")
        except (OSError, Fault):
            return False

    def start(self, process: str) -> None:
        """Start a process, if it does not run, without waiting."""
        self._tolerate(ALREADY_STARTED, "startProcess", process, False)

    def stop(self, process: str) -> None:
        """Have a process stop, if it runs, without waiting."""
        self._tolerate(NOT_RUNNING, "stopProcess", process, False)

    def signal(self, process: str, signal_number: int) -> None:
        """Send a signal to a process, if it runs."""
        self._tolerate(NOT_RUNNING, "signalProcess", process, str(int(signal_number)))

    def kill(self, processes: Iterable[str]) -> None:
        """End processes with SIGKILL, and for good: in one request, so that none is started again in between."""
        with self._connect() as server:
            calls = MultiCall(server)
            for process in processes:
                calls.supervisor.signalProcess(process, str(int(signal.SIGKILL)))
                calls.supervisor.stopProcess(process, False)
            calls()

    def _tolerate(self, fault_code: int, method: str, *arguments: object) -> None:
        try:
            self.call(method, *arguments)
        except Fault as fault:
            if fault.faultCode != fault_code:
                raise

    def _connect(self) -> contextlib.AbstractContextManager[ServerProxy]:
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.socket}")
        return ServerProxy("http://127.0.0.1", transport=transport)
