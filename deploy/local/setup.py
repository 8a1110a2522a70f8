"""Make .venv and put the pinned requirements into it: ``python3 -I deploy/local/setup.py local`` (or ``dev``).

Standard library only, and in words that any Python 3.6 can still read, for it runs before anything is installed.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
SHOWN_LINES = 12  # of pip's answer, when it is not understood
FAILURES = (  # the first of which a word is in pip's answer
    (
        ("No space left",),
        "The disk is full.",
        "Free some space and run the same command again.",
    ),
    (
        ("Read-only file system", "Permission denied"),
        f"{VENV} cannot be written.",
        "Make it writable for this user, or work in a copy of the project elsewhere.",
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "A package is not the file this project pinned.",
        "Run the same command again. If it says so twice, do not use this package index.",
    ),
    (
        ("NewConnectionError", "name resolution", "ProxyError", "SSLError", "timed out", "ConnectionResetError"),
        "The package registry cannot be reached.",
        "Check the network and its proxy settings (HTTPS_PROXY), then run the same command again.",
    ),
    (
        ("No matching distribution",),
        "A pinned package has no build for Python {}.{} on this system.".format(*sys.version_info[:2]),
        "Use another Python: make PYTHON=python3.13 ...",
    ),
)


def fail(message: str, cure: str) -> None:
    """End with what is wrong and what to do about it, and no traceback."""
    sys.exit(f"{message}\n  {cure}")


def check_python() -> None:
    """See that this Python is new enough and can make a virtual environment."""
    if sys.version_info < OLDEST:
        fail(
            "This is Python {}.{}; Native Fax needs 3.11 or newer.".format(*sys.version_info[:2]),
            "Install one and name it: make PYTHON=python3.13 ...",
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out
        import venv  # noqa: F401, PLC0415
    except ImportError as error:
        fail(
            f"This Python cannot make virtual environments (no module {error.name}).",
            "On Debian and Ubuntu, as root: apt-get install python3-venv",
        )


def digest_of(requirements: Path) -> str:
    """What an installation is made from: while it is the same, there is nothing to do."""
    inputs = [requirements.read_bytes(), (HERE / "pyproject.toml").read_bytes(), sys.version.encode(), bytes(HERE)]
    return hashlib.sha256(b"\0".join(inputs)).hexdigest()


def make_venv() -> None:
    """Make .venv, anew if its Python no longer works."""
    probe = [str(PYTHON), "-c", "import pip"]
    works = PYTHON.exists() and subprocess.call(probe, stderr=subprocess.DEVNULL) == 0  # noqa: S603 - our own command
    if works:
        return
    made = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if made.returncode != 0:
        explain(made.stdout.decode(errors="replace"))


def pip(arguments: "list[str]", total: int) -> None:
    """Run pip in .venv, showing how many of `total` packages it has looked at."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--progress-bar=off", "--disable-pip-version-check"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command + arguments, cwd=str(HERE), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    lines = []
    seen = 0
    for line in process.stdout or ():
        lines.append(line)
        seen += line.startswith(("Collecting ", "Requirement already satisfied: "))
        if sys.stderr.isatty() and total:
            sys.stderr.write(f"\r  {min(seen, total)} of {total} packages ")
    if sys.stderr.isatty() and total:
        sys.stderr.write("\r\033[K")
    if process.wait() != 0:
        explain("".join(lines))


def explain(answer: str) -> None:
    """End with what pip's or venv's answer means."""
    for words, message, cure in FAILURES:
        if any(word in answer for word in words):
            fail(message, cure)
    fail("Setting up .venv failed:\n" + "\n".join(answer.splitlines()[-SHOWN_LINES:]), "Remove .venv and try again.")


def check_folder() -> None:
    """See that the project's folder can be written."""
    if not os.access(str(VENV if VENV.exists() else HERE), os.W_OK):
        fail(
            f"{VENV} cannot be written.",
            "Make it writable for this user, or work in a copy of the project elsewhere.",
        )


def install(kind: str) -> None:
    """Put requirements/`kind`.txt and the project into .venv, unless that is done already."""
    requirements = HERE / "requirements" / f"{kind}.txt"
    stamp, digest = VENV / f".set-up-{kind}", digest_of(requirements)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    check_folder()
    started = time.time()
    total = sum("==" in line for line in requirements.read_text().splitlines())
    sys.stderr.write(f"Setting up .venv: {total} packages, about a minute the first time ...\n")
    make_venv()
    pip(["--require-hashes", "-r", str(requirements)], total)
    pip(["--no-deps", "--no-build-isolation", "--editable", "."], 0)
    stamp.write_text(digest)
    sys.stderr.write(f"Set up in {time.time() - started:.0f} s.\n")


if __name__ == "__main__":
    check_python()
    try:
        install(sys.argv[1])
    except OSError as error:
        fail(f"{error.filename or VENV}: {error.strerror}", "Put that right and run the same command again.")
