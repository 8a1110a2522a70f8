"""Tests marked ``needs("package")`` are withheld where that Debian package is missing; with CI=true the run fails."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from deploy.local import debian

WITHHELD = pytest.StashKey[dict[str, int]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of which a part is missing, counting them by part."""
    known = {part.package: part for part in debian.read_parts(debian.LIST)}
    missing = {package for package, part in known.items() if not part.is_there()}
    withheld = [item for item in items if _needs(item, known) & missing]
    if not withheld:
        return
    counts: Counter[str] = Counter(package for item in withheld for package in _needs(item, known) & missing)
    if debian.in_ci():
        pytest.exit(f"CI=true and parts are missing: {_told(counts)}", returncode=1)
    items[:] = [item for item in items if item not in withheld]
    config.hook.pytest_deselected(items=withheld)
    config.stash[WITHHELD] = dict(counts)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run of which every test was withheld did not fail. A worker of a parallel run tells what it withheld."""
    if WITHHELD not in session.config.stash:
        return
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["withheld"] = session.config.stash[WITHHELD]
    if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker of a parallel run collects the same tests, so it withholds the same."""
    if withheld := getattr(node, "workeroutput", {}).get("withheld"):
        node.config.stash[WITHHELD] = withheld


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was withheld, and how to have it."""
    if counts := config.stash.get(WITHHELD, None):
        terminalreporter.section("withheld, for parts are missing", yellow=True)
        terminalreporter.write_line(_told(counts))


def _needs(item: pytest.Item, known: dict[str, debian.DebianPart]) -> set[str]:
    packages = {package for marker in item.iter_markers("needs") for package in marker.args}
    if unknown := packages - known.keys():
        raise pytest.UsageError(f"{item.nodeid} needs {', '.join(sorted(unknown))}: add it to requirements/debian.txt.")
    return packages


def _told(counts: Mapping[str, int]) -> str:
    lines = [f"{package}: {count} test{'s' if count > 1 else ''}" for package, count in sorted(counts.items())]
    return "\n".join([*lines, f"As root: {debian.apt_line(counts)}"])
