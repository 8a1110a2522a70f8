"""promtool, which checks the alerts: the one that is installed, or out of Debian's package, kept in .local/cache."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.checks.helm import HERE
from deploy.local.debian import apt_line, in_ci

ALERTS: Final = HERE / "deploy" / "alerts.yaml"
TESTS: Final = HERE / "deploy" / "alerts.test.yaml"
PACKAGE: Final = "prometheus"


def promtool(cache: Path = HERE / ".local" / "cache") -> str | None:
    """Its executable; None where there is none to be had.

    The package is unpacked, not installed: that would start a server.
    """
    found = shutil.which("promtool")
    kept = cache / "promtool" / "promtool"
    if found or kept.exists() or not shutil.which("apt-get"):
        return found or (str(kept) if kept.exists() else None)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # apt fetches as a user of its own
        unpacking = f"apt-get --quiet download {PACKAGE} && dpkg-deb --extract {PACKAGE}_*.deb unpacked"
        answer = subprocess.run(["sh", "-c", unpacking], cwd=folder, capture_output=True, check=False)  # noqa: S603, S607
        if answer.returncode:
            return None
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(folder) / "unpacked" / "usr" / "bin" / "promtool", kept)
    return str(kept)


def faults() -> list[str]:
    """What is wrong with the alerts: their form, and that each fires where alerts.test.yaml says so."""
    executable = promtool()
    if executable is None:
        withheld = f"the alerts' tests need promtool. As root: {apt_line([PACKAGE])}"
        if in_ci():
            return [withheld]
        sys.stderr.write(f"Withheld: {withheld}\n")
        return []
    commands = (["check", "rules", str(ALERTS)], ["test", "rules", str(TESTS)])
    answers = [subprocess.run([executable, *one], capture_output=True, text=True, check=False) for one in commands]  # noqa: S603
    return [answer.stdout + answer.stderr for answer in answers if answer.returncode]
