"""The demo as a person runs it: with a pipeline of its own, then with a running one whose mail is tampered with."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import httpx
import pytest

from deploy.local.mailbox.maildir import list_mails
from deploy.local.telephony import t30
from services.cli.demo.calls import CALLS
from services.cli.demo.customers import CUSTOMERS, FORMER, HARBOR, NORTHWIND
from services.cli.demo.faxes import data_files
from services.cli.demo.pipeline import runs
from services.cli.demo.submissions import SUBMISSIONS
from tests.e2e import people
from tests.providers.local import CACHE

pytestmark = pytest.mark.timeout(400)

DATA = Path(__file__).parents[1] / "data"
NATIVEFAX = [sys.executable, "-m", "services.cli"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("NATIVEFAX_")}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline's folder; the jars are shared, so that no test downloads them again."""
    folder = tmp_path_factory.mktemp("demo")
    CACHE.mkdir(parents=True, exist_ok=True)
    (folder / "cache").symlink_to(CACHE)
    return folder


def demo(root: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, the one line of stdout, and what people read."""
    ended = subprocess.run(
        [*NATIVEFAX, "demo", "--root", str(root), *options],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.stdout.count("\n") == 1, ended.stderr[-3000:]
    return ended.returncode, json.loads(ended.stdout), ended.stderr


def check(root: Path) -> dict[str, Any]:
    """The checker's line on the last demo, against the pipeline that runs below `root`."""
    settings: dict[str, str] = json.loads((root / "run" / "environment.json").read_text())
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.local.checker", str(root / "demo" / "manifest.json")],
        env={**ENVIRONMENT, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    line: dict[str, Any] = json.loads(ended.stdout)
    assert (ended.returncode == 0) == line["ok"], ended.stderr
    return line


@pytest.fixture(scope="module")
def up(root: Path) -> Iterator[subprocess.Popen[str]]:
    """`nativefax up`, until the module's tests are over."""
    up = subprocess.Popen(
        [*NATIVEFAX, "up", "--root", str(root)], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=None, text=True
    )
    try:
        assert up.stdout is not None
        assert any("Native Fax is up" in line for line in up.stdout)
        yield up
    finally:
        up.send_signal(signal.SIGTERM)
        up.communicate(timeout=60)


def test_everything_from_nothing(root: Path) -> None:
    status, line, told = demo(root)
    assert line["ok"], told
    assert status == 0
    assert line["received"] == len(CALLS) + len(data_files())
    assert (line["lost"], line["duplicates"]) == (0, 0)
    assert line["t30_calls" if t30.installed() else "scripted_calls"] == len(CALLS)
    ends = Counter(one.end for one in SUBMISSIONS)
    assert (line["submitted"], line["sent"], line["failed"], line["refused"]) == (
        len(SUBMISSIONS),
        ends["sent"],
        ends["failed"],
        ends["refused"],
    )
    assert line["dialled"] == ends["sent"] + ends["failed"]
    assert line["sent_by_t30"] == (line["sent"] if t30.installed() else 0)
    assert min(line["emailed"], line["linked"], line["portal_only"], line["partial"]) >= 8
    assert "should end" not in told, "an expected end of tests/data/expected.json was not met"
    assert not runs(root), "the demo's own pipeline was left running"


def test_after_a_restart_all_is_still_there_and_tampering_is_seen(root: Path, up: subprocess.Popen[str]) -> None:
    line = check(root)
    assert (line["ok"], line["received"]) == (True, len(CALLS) + len(data_files()))
    taken = max((root / "telephony" / "far-end" / "+12025550131").glob("*.tif"), key=lambda file: file.stat().st_mtime)
    newest, another = list_mails(root / "mail")[-2:]
    copy = another.with_name(another.name + "-copy")
    shutil.copy(another, copy)
    taken.rename(root / "a-page")
    newest.rename(root / "a-mail")
    assert check(root) == {
        **line,
        "ok": False,
        "lost": 2,
        "duplicates": 1,
        "sent": ANY,
        "sent_by_t30": ANY,
        "emailed": ANY,
        "linked": ANY,  # whichever mail came last
        "partial": ANY,
    }
    copy.unlink()
    (root / "a-page").rename(taken)
    (root / "a-mail").rename(newest)


@pytest.mark.chaos
def test_a_pipeline_that_runs_is_used_and_left_running(root: Path, up: subprocess.Popen[str]) -> None:
    status, line, told = demo(root, "--no-files")
    assert (status, line["ok"], line["received"]) == (0, True, len(CALLS)), told
    assert "Using the pipeline that runs" in told
    assert up.poll() is None


def test_a_person_sends_and_receives_by_every_command(root: Path, up: subprocess.Popen[str], tmp_path: Path) -> None:
    number, serial = "+12025550141", "E2E0001"
    user = ("--name", "Ward", "--email", "ward@clinic.example")
    methods = ("--method", "email", "--method", "portal", "--method", "ata")
    device = ("--ata-type", "Grandstream HT801", "--ata-serial", serial)
    nativefax(root, "accounts", "add", number, *user, *methods, *device)
    code = re.findall(r"\b[A-Z2-9]{16}\b", nativefax(root, "accounts", "enrol", number))[0]
    assert "is enrolled" in nativefax(root, "ata", "enrol", serial, code)
    page = str(DATA / "pages" / "itu1.tif")
    for by in ("api", "email", "ata"):
        sent = json.loads(nativefax(root, "send", page, "--from", number, "--to", "+12025550142", "--by", by))
        assert (sent["state"], sent["pages"], sent["reason"]) == ("delivered", 1, None)
    refused = json.loads(nativefax(root, "send", page, "--from", number, "--to", "911", status=1))
    assert (refused["state"], refused["fax_id"]) == ("refused", None)
    assert "emergency" in refused["detail"]
    received = json.loads(nativefax(root, "receive", page, "--to", number))
    printed = json.loads(nativefax(root, "ata", "receive", serial, "--into", str(tmp_path), "--wait", "20"))
    assert (printed["fax_id"], printed["state"]) == (received["fax_id"], "printed")
    assert Path(printed["file"]).read_bytes() == Path(page).read_bytes()
    token = re.findall(r"nfx_\S+", nativefax(root, "accounts", "token", number, "--name", "reader"))[0]
    settings = json.loads((root / "run" / "environment.json").read_text())
    poll_until(lambda: len(delivered(settings["NATIVEFAX_API_URL"], token)) == 3)
    assert sent["fax_id"] in delivered(settings["NATIVEFAX_API_URL"], token)


@pytest.mark.needs("chromium", "libatomic1")
def test_people_watch_faxes_come_and_go_in_the_portal(root: Path, up: subprocess.Popen[str]) -> None:
    page = str(DATA / "pages" / "itu1.tif")

    def received(to: str) -> str:
        return str(json.loads(nativefax(root, "receive", page, "--to", to))["fax_id"])

    with people.chromium() as browser:
        with people.signed_in(browser, root, NORTHWIND.manager) as manager:
            theirs = people.a_received_fax_appears(manager, lambda: received("+12025550115"))
            people.a_partial_fax_says_what_is_missing(manager)
            people.a_failed_fax_says_why(manager)
            files = [DATA / "submitted" / "letter.pdf", DATA / "submitted" / "photo.jpg"]
            people.a_fax_is_sent_and_watched(manager, root, files, "+1 202-555-0115", "+1 202-555-0142")
        unclaimed, taker = received(FORMER.number), "+12025550121"
        with people.signed_in(browser, root, HARBOR.manager) as manager:
            people.is_not_theirs(manager, theirs)
        with people.signed_in(browser, root, HARBOR.owner) as owner:
            people.is_not_theirs(owner, theirs)
            people.an_unclaimed_fax_is_released(owner, unclaimed, taker)
        poll_until(lambda: len(mails_to(root, CUSTOMERS[taker].email, unclaimed)) == 1)
        with people.signed_in(browser, root, HARBOR.manager) as manager:
            manager.go(f"/fax/{unclaimed}")
            people.its_pages_are_drawn(manager)


def mails_to(root: Path, recipient: str, fax_id: str) -> list[Path]:
    """The mails about a fax to somebody."""
    found = [(file, file.read_bytes()) for file in list_mails(root / "mail")]
    return [file for file, mail in found if fax_id.encode() in mail and recipient.encode() in mail]


def delivered(url: str, token: str) -> list[str]:
    """The account's delivered faxes, as the HTTP API lists them; none while the token isn't known yet."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{url}/v1/faxes", params={"direction": "sent", "state": "delivered"}, headers=headers)
    return [one["id"] for one in answer.json().get("faxes", [])]


def poll_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def nativefax(root: Path, *arguments: str, status: int = 0) -> str:
    """What a command prints."""
    ended = subprocess.run(
        [*NATIVEFAX, *arguments],
        env={**ENVIRONMENT, "NATIVEFAX_ROOT": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == status, ended.stdout + ended.stderr
    return ended.stdout
