"""The demo as a person runs it: with a pipeline of its own, then with a running one whose mail is tampered with."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.local.mailbox.maildir import list_mails
from deploy.local.telephony import t30
from services.cli.demo.calls import CALLS
from services.cli.demo.faxes import data_files
from services.cli.demo.pipeline import runs
from services.cli.demo.submissions import SUBMISSIONS
from tests.providers.local import CACHE

pytestmark = pytest.mark.timeout(400)

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


@contextmanager
def running(root: Path) -> Iterator[subprocess.Popen[str]]:
    """`nativefax up`, until the block ends."""
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


def test_a_pipeline_that_runs_is_used_and_left_running_and_tampering_is_seen(root: Path) -> None:
    with running(root) as up:
        status, line, told = demo(root, "--no-files")
        assert (status, line["ok"], line["received"]) == (0, True, len(CALLS)), told
        assert "Using the pipeline that runs" in told
        assert up.poll() is None
        assert check(root) == line
        taken = max(
            (root / "telephony" / "far-end" / "+12025550131").glob("*.tif"), key=lambda file: file.stat().st_mtime
        )
        taken.rename(root / "aside")
        assert check(root)["lost"] == 1
        (root / "aside").rename(taken)
        newest = list_mails(root / "mail")[-1]
        copy = newest.with_name(newest.name + "-copy")
        shutil.copy(newest, copy)
        assert check(root) == {**line, "ok": False, "duplicates": 1}
        copy.unlink()
        newest.rename(root / "aside")
        lost = check(root)
        assert (lost["ok"], lost["lost"], lost["duplicates"]) == (False, 1, 0)
        (root / "aside").rename(newest)
        assert check(root) == line
