"""Tests whose Debian parts are missing: withheld and listed, or with CI=true a failure."""

from pathlib import Path

import pytest

from deploy.local import debian

pytest_plugins = "pytester"

CONFTEST = """
from pathlib import Path
from deploy.local import debian
debian.LIST = Path(__file__).with_name("parts.txt")
from tests.needs import pytest_collection_modifyitems, pytest_sessionfinish, pytest_terminal_summary
from tests.needs import pytest_testnodedown
def pytest_configure(config):
    config.addinivalue_line("markers", "needs(part): a part")
"""
PARTS = """# a comment
there command:sh always there
absent command:no-such-command never there
gone library:nosuchlibrary never there
"""
TESTS = """
import pytest
def test_plain(): pass
@pytest.mark.needs("there")
def test_there(): pass
@pytest.mark.needs("absent")
def test_absent(): assert False
@pytest.mark.needs("absent")
@pytest.mark.needs("gone")
def test_both(): assert False
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(debian, "LIST", debian.LIST)  # what the project sets in this process ends with the test
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = session\n")
    pytester.path.joinpath("parts.txt").write_text(PARTS)
    pytester.makepyfile(TESTS)
    return pytester


def test_missing_parts_withhold_tests_and_are_listed(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess()
    assert result.ret == 0
    result.assert_outcomes(passed=2, deselected=2)
    result.stdout.fnmatch_lines(["*withheld*", "absent: 2 tests", "gone: 1 test", "As root: apt-get *absent gone"])


@pytest.mark.chaos
def test_a_parallel_run_lists_them_too(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-n", "2")
    assert result.ret == 0
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*withheld*", "absent: 2 tests", "gone: 1 test", "As root: apt-get *absent gone"])


def test_a_run_of_withheld_tests_only_succeeds(project: pytest.Pytester) -> None:
    assert project.runpytest_inprocess("-k", "both").ret == 0


def test_missing_parts_fail_in_ci(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    result = project.runpytest_inprocess()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*CI=true and parts are missing*"])


def test_an_unlisted_part_is_an_error(project: pytest.Pytester) -> None:
    project.makepyfile(test_other="import pytest\n@pytest.mark.needs('unlisted')\ndef test_it(): pass\n")
    result = project.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unlisted*requirements/debian.txt*"])
