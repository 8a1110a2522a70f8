"""The local stack as `nativefax up` uses it: one per folder, nothing lost, nothing left behind."""

import json
import os
import signal
import smtplib
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local.errors import SetupError
from deploy.local.mailbox import read_maildir
from deploy.local.stack import Program, Stack
from tests.processes import eventually, processes_naming
from tests.providers.local import CACHE

ELSEWHERE = {"NATIVEFAX_KAFKA_BOOTSTRAP": "kafka.example:9093", "NATIVEFAX_STORE_ENDPOINT": "http://s3.example"}
STAGE = "import json, os, sys, time; json.dump(dict(os.environ), open(sys.argv[1], 'w')); time.sleep(600)"
DRIVER = """
import sys
from pathlib import Path
from deploy.local.signals import stoppable
from deploy.local.stack import Program, Stack
stack = Stack(Path(sys.argv[1]), outside={"NATIVEFAX_KAFKA_BOOTSTRAP": "k:1", "NATIVEFAX_STORE_ENDPOINT": "http://s"})
with stoppable(), stack:
    stack.run([Program("stage", (sys.executable, "-c", "import time; time.sleep(600)"), processes=2)])
    exec(sys.argv[2])
    print("up", flush=True)
    stack.serve()
"""
ASKED_AMID_A_LOOK = """
import os, signal
class Lock:
    def __init__(self, popen):
        self.popen, self.lock, popen._waitpid_lock = popen, popen._waitpid_lock, self
    def acquire(self, *how):
        self.popen._waitpid_lock = self.lock  # once
        self.lock.acquire(*how)
        os.kill(os.getpid(), signal.SIGTERM)
        return True
    def release(self):
        self.lock.release()
Lock(stack.supervisor._warden)
"""


def only_mail(root: Path, **options: object) -> Stack:
    """A stack of which only the mailbox runs here: up in a second."""
    return Stack(root, outside=ELSEWHERE, **options)  # type: ignore[arg-type]


def send(stack: Stack, subject: str) -> None:
    settings = stack.environment
    with smtplib.SMTP(settings["NATIVEFAX_SMTP_HOST"], int(settings["NATIVEFAX_SMTP_PORT"])) as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile=settings["NATIVEFAX_SMTP_CA_FILE"]))
        smtp.login(settings["NATIVEFAX_SMTP_USERNAME"], settings["NATIVEFAX_SMTP_PASSWORD"])
        smtp.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\r\n\r\n")


def test_a_whole_stack_starts_offline_from_the_cache_and_again_with_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Stack(tmp_path / "filling", cache=CACHE, outside={}).prefetch()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nothing listens
    told: list[tuple[str, str]] = []
    stack = Stack(tmp_path / "stack", cache=CACHE, outside={})
    first = dict(stack.start(lambda part, doing: told.append((part, doing))))
    assert {part for part, doing in told if doing == "ready"} == {"kafka", "store", "mailbox"}
    send(stack, "before")
    stack.stop()
    second = stack.start()
    assert second == first
    send(stack, "after")
    assert [mail["Subject"] for mail in read_maildir(stack.maildir)] == ["before", "after"]
    stack.stop()
    assert processes_naming(tmp_path) == []


def test_jars_out_of_reach_are_named_with_a_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SetupError, match="could not be fetched") as refused:
        Stack(tmp_path / "stack", outside={}).prefetch()
    assert "HTTPS_PROXY" in refused.value.cure


def test_settings_of_parts_elsewhere_are_passed_on(tmp_path: Path) -> None:
    with only_mail(tmp_path) as stack:
        assert stack.environment.items() >= ELSEWHERE.items()
        assert "NATIVEFAX_KAFKA_PASSWORD" not in stack.environment
        assert {process.program for process in stack.supervisor.processes()} == {"mailbox"}
        assert stack.environment["NATIVEFAX_PORTAL_URL"] == f"http://127.0.0.1:{stack.ports['portal']}"
        assert len(bytes.fromhex(stack.environment["NATIVEFAX_LINKS_SECRET"])) == 32


def test_stages_get_the_settings(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    with only_mail(tmp_path) as stack:
        stack.run([Program("stage", (sys.executable, "-c", STAGE, str(told)), env={"ONLY": "mine"})])
        assert eventually(lambda: told.exists() and told.read_text().endswith("}"))
        assert json.loads(told.read_text()).items() >= {**stack.environment, "ONLY": "mine"}.items()


def test_secrets_are_for_this_user_only(tmp_path: Path) -> None:
    with only_mail(tmp_path / "stack") as stack:
        assert stat.S_IMODE(stack.root.stat().st_mode) == 0o700
        secret = stack.environment["NATIVEFAX_SMTP_PASSWORD"].encode()
        holding = [file for file in stack.root.rglob("*") if file.is_file() and secret in file.read_bytes()]
        assert holding
        assert {stat.S_IMODE(file.stat().st_mode) for file in holding} == {0o600}
        for process in psutil.process_iter(["cmdline"]):
            assert secret.decode() not in " ".join(process.info["cmdline"] or [])


def test_a_second_start_is_refused_with_words(tmp_path: Path) -> None:
    with only_mail(tmp_path), pytest.raises(SetupError, match="already runs") as refused:
        only_mail(tmp_path).start()
    assert f"process {os.getpid()}" in str(refused.value)
    assert "since 20" in str(refused.value)
    assert f"kill {os.getpid()}" in refused.value.cure
    with only_mail(tmp_path):
        pass


def test_a_taken_port_is_named_with_its_holder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"Port {port}, configured for smtp") as refused:
            only_mail(tmp_path, ports={"smtp": port}).start()
    assert f"process {os.getpid()}" in str(refused.value)
    assert processes_naming(tmp_path) == []


def test_a_remembered_port_that_is_taken_gives_way_to_another(tmp_path: Path) -> None:
    with only_mail(tmp_path) as stack:
        before = dict(stack.ports)
    with socket.create_server(("127.0.0.1", before["smtp"])), only_mail(tmp_path) as stack:
        assert stack.ports["smtp"] != before["smtp"]
        assert stack.ports["mailbox"] == before["mailbox"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_ends_every_process(tmp_path: Path, number: int) -> None:
    with _driver(tmp_path) as driver:
        driver.send_signal(number)
        assert driver.wait(20) == (-number if number == signal.SIGKILL else 0)
    assert eventually(lambda: processes_naming(tmp_path) == [])


def test_a_signal_amid_a_look_at_the_supervisor_ends_every_process(tmp_path: Path) -> None:
    with _driver(tmp_path, ASKED_AMID_A_LOOK) as driver:
        try:
            assert driver.wait(20) == 0
        finally:
            driver.kill()
    assert eventually(lambda: processes_naming(tmp_path) == [])


def test_a_start_right_after_a_kill_succeeds(tmp_path: Path) -> None:
    with _driver(tmp_path) as driver:
        driver.kill()
        driver.wait(5)
    with only_mail(tmp_path):
        pass


@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        (lambda root: root.write_text("a file"), "cannot be written"),
        (lambda root: root.parent.joinpath("java").symlink_to("/bin/true"), "is Java 0"),
    ],
)
def test_preflight_names_what_stands_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrange: Callable[[Path], None], words: str
) -> None:
    arrange(tmp_path / "stack")
    monkeypatch.setenv("NATIVEFAX_JAVA", str(tmp_path / "java"))
    with pytest.raises(SetupError, match=words) as refused:
        Stack(tmp_path / "stack", outside={}).start()
    assert refused.value.cure


def _driver(root: Path, arrange: str = "") -> subprocess.Popen[bytes]:
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(root), arrange], stdout=subprocess.PIPE)
    assert driver.stdout is not None
    assert driver.stdout.readline() == b"up\n"
    return driver
