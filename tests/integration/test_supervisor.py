"""Programs under supervisord: scaled, ended, restarted, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.supervisor import Program, Supervisor
from tests.processes import eventually, processes_naming

SLEEP = (sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)")
# a process with a child of its own, which also ignores SIGTERM
STUBBORN = "import signal, subprocess, time; signal.signal(15, signal.SIG_IGN); subprocess.Popen(%r); time.sleep(600)"
DRIVER = """
import sys
from pathlib import Path
from deploy.local.supervisor import Program, Supervisor
supervisor = Supervisor(Path(sys.argv[1]))
supervisor.open()
supervisor.add([Program("family", (sys.executable, "-I", "-S", "-c", sys.argv[2]), processes=2)])
print("up", flush=True)
import time; time.sleep(600)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    opened = Supervisor(tmp_path)
    opened.open()
    yield opened
    opened.close()
    assert processes_naming(tmp_path) == []


def pids(supervisor: Supervisor) -> dict[str, int]:
    return {process.name: process.pid for process in supervisor.processes() if process.pid}


def test_scaling_leaves_the_others_running(supervisor: Supervisor) -> None:
    supervisor.add([Program("worker", SLEEP, processes=2), Program("other", SLEEP)])
    assert eventually(lambda: len(pids(supervisor)) == 3)
    before = pids(supervisor)
    supervisor.scale("worker", 4)
    assert eventually(lambda: len(pids(supervisor)) == 5)
    assert pids(supervisor).items() >= before.items()
    supervisor.scale("worker", 1)
    assert pids(supervisor) == {name: before[name] for name in ("worker-0", "other-0")}


def test_a_killed_program_stays_down_until_started(supervisor: Supervisor) -> None:
    supervisor.add([Program("worker", SLEEP, processes=2)])
    assert eventually(lambda: len(pids(supervisor)) == 2)
    supervisor.kill("worker")
    assert {process.state for process in supervisor.processes()} == {"STOPPED"}
    supervisor.start("worker")
    assert eventually(lambda: len(pids(supervisor)) == 2)
    supervisor.start("worker")
    supervisor.stop("worker")
    assert supervisor.wait_down("worker", timeout_seconds=1)


def test_a_process_that_dies_is_started_again(supervisor: Supervisor) -> None:
    supervisor.add([Program("worker", SLEEP, stop_seconds=1)])
    assert eventually(lambda: len(pids(supervisor)) == 1)
    before = pids(supervisor)
    supervisor.signal("worker", signal.SIGKILL)
    assert eventually(lambda: bool(pids(supervisor)) and pids(supervisor) != before)


def test_a_program_that_ignores_sigterm_is_killed_after_its_time(supervisor: Supervisor) -> None:
    supervisor.add([Program("stubborn", (sys.executable, "-I", "-S", "-c", STUBBORN % (SLEEP,)), stop_seconds=1)])
    assert eventually(lambda: any(psutil.Process(pid).children() for pid in pids(supervisor).values()))
    started = time.monotonic()
    supervisor.restart("stubborn")
    assert 1 <= time.monotonic() - started < 5


def test_commands_and_environments_arrive_unaltered(supervisor: Supervisor, tmp_path: Path) -> None:
    odd = '100% of "it" ; # \' \\ \n %(here)s ünï'
    tell = "import json, os, sys; json.dump([os.environ['ODD'], sys.argv[1]], open(sys.argv[2], 'w'))"
    told = tmp_path / "told.json"
    supervisor.add([Program("odd", (sys.executable, "-I", "-c", tell, odd, str(told)), env={"ODD": odd})])
    assert eventually(lambda: told.exists() and told.read_text() != "")
    assert json.loads(told.read_text()) == [odd, odd]


def test_a_folder_too_deep_for_a_socket_works(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 40) / '100% "odd" name'
    supervisor = Supervisor(deep)
    supervisor.open()
    supervisor.add([Program("worker", SLEEP)])
    assert eventually(lambda: len(pids(supervisor)) == 1)
    supervisor.close()


@pytest.mark.parametrize("victim", ["the process that opened it", "supervisord", "the warden and supervisord"])
def test_nothing_outlives_a_kill(tmp_path: Path, victim: str) -> None:
    environment = {**os.environ, "MARK": str(tmp_path)}  # inherited by every descendant, so that each can be found
    arguments = [sys.executable, "-c", DRIVER, str(tmp_path), STUBBORN % (SLEEP,)]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == b"up\n"
        assert eventually(
            lambda: len(processes_naming(tmp_path)) == 7
        )  # driver, warden, supervisord, 2 of one and its child
        for pid in _victims(victim, driver.pid):
            os.kill(pid, signal.SIGKILL)
        ours = {driver.pid} if victim != "the process that opened it" else set()
        left = 2 if "warden" in victim else 0  # with both gone, nobody inherits the grandchildren
        assert eventually(lambda: len(set(processes_naming(tmp_path)) - ours) == left)
        driver.kill()
    for pid in processes_naming(tmp_path):
        os.kill(pid, signal.SIGKILL)


def _victims(victim: str, driver: int) -> list[int]:
    if victim == "the process that opened it":
        return [driver]
    (warden,) = psutil.Process(driver).children()
    (supervisord,) = warden.children()
    return [warden.pid, supervisord.pid] if "warden" in victim else [supervisord.pid]


def test_what_a_killed_supervisor_left_does_not_matter(tmp_path: Path) -> None:
    _open_and_kill(tmp_path)
    _open_and_kill(tmp_path)


def _open_and_kill(root: Path) -> None:
    supervisor = Supervisor(root)
    supervisor.open()
    supervisor.add([Program("worker", SLEEP)])
    assert eventually(lambda: len(pids(supervisor)) == 1)
    assert supervisor._warden is not None
    (supervisord,) = psutil.Process(supervisor._warden.pid).children()
    supervisord.kill()
    assert eventually(lambda: not supervisor.alive())
