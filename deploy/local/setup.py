"""Make .venv and put the pinned requirements into it: ``python3 -I deploy/local/setup.py local`` (or ``dev``).

With ``debian`` as a second word it first sees to the Debian packages that tests need (deploy/local/debian.py).
Standard library only, and in words that any Python 3.6 can still read, for it runs before anything is installed.
"""

import fcntl
import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parents[2]
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
COVERS = {"local": ("local", "dev"), "dev": ("dev",)}  # dev.txt has all of local.txt, in the same versions
INTERRUPTED = 130  # the exit status that shells give to Ctrl-C


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
    if not (makes_venvs() or (has_debian_part(venv_package()) and makes_venvs())):
        fail(
            "This Python cannot make virtual environments (it has no module ensurepip).",
            f"On Debian and Ubuntu, as root: apt-get install {venv_package()}",
        )


def makes_venvs() -> bool:
    """Whether this Python has what Debian keeps in a package of its own."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) is not None for name in ("ensurepip", "venv"))


def venv_package() -> str:
    """The Debian package with the rest of this Python."""
    return "python{}.{}-venv".format(*sys.version_info[:2])


def has_debian_part(package: str) -> bool:
    """Install a Debian package, where this user may; tell whether that worked."""
    debian = beside("debian")
    return bool(debian.can_install() and debian.install([package]))


def beside(name: str) -> ModuleType:
    """The module `name` of this folder, which an isolated Python does not find by itself; only for one new enough."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    return importlib.import_module(f"deploy.local.{name}")


def digest_of(requirements: Path) -> str:
    """What an installation is made from: while it is the same, there is nothing to do."""
    inputs = [requirements.read_bytes(), (HERE / "pyproject.toml").read_bytes(), sys.version.encode(), bytes(HERE)]
    return hashlib.sha256(b"\0".join(inputs)).hexdigest()


def venv_works() -> bool:
    """Whether .venv's Python works, and its programs name this folder: it may have been moved, or be a copy."""
    program = VENV / "bin" / "pip"
    if not (PYTHON.exists() and program.exists() and bytes(PYTHON) in program.read_bytes()):
        return False
    return subprocess.call([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0  # noqa: S603 - our own


def make_venv() -> None:
    """Make .venv, anew if it no longer works."""
    if venv_works():
        return
    show("making .venv")
    made = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if made.returncode != 0:
        explain(made.stdout.decode(errors="replace"))


def pip(arguments: "list[str]", total: int) -> None:
    """Run pip in .venv, showing how many of `total` packages it has looked at; 0 shows nothing."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--progress-bar=off", "--disable-pip-version-check"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command + arguments, cwd=str(HERE), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    lines = []
    seen = 0
    for line in process.stdout or ():
        lines.append(line)
        seen += line.startswith(("Collecting ", "Requirement already satisfied: "))
        if line.startswith("Installing collected packages"):
            show(f"unpacking {line.count(',') + 1} packages")
        elif total:
            show(f"{min(seen, total)} of {total} packages")
    show("")
    if process.wait() != 0:
        explain("".join(lines))


def show(doing: str) -> None:
    """Say on the terminal's last line what is going on; in a file or pipe, nothing."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K  {doing} ..." if doing else "\r\033[K")
        sys.stderr.flush()


def explain(answer: str) -> None:
    """End with what pip's or venv's answer means."""
    fail(*beside("pip_answers").explain(answer))


def check_folder() -> None:
    """See that the project's folder can be written."""
    if not os.access(str(VENV if VENV.exists() else HERE), os.W_OK):
        fail(
            f"{VENV} cannot be written.",
            "Make it writable for this user, or work in a copy of the project elsewhere.",
        )


def is_done(kind: str) -> bool:
    """Whether .venv has what `kind` needs, by the requirements as they are now."""
    stamps = [(VENV / f".set-up-{one}", digest_of(requirements_of(one))) for one in COVERS[kind]]
    return PYTHON.exists() and any(stamp.exists() and stamp.read_text() == digest for stamp, digest in stamps)


def requirements_of(kind: str) -> Path:
    """The pinned requirements of `kind`."""
    return HERE / "requirements" / f"{kind}.txt"


def install(kind: str) -> None:
    """Put requirements/`kind`.txt and the project into .venv, unless that is done already."""
    if is_done(kind):
        return
    check_folder()
    with one_at_a_time():
        if is_done(kind):
            return
        started = time.time()
        requirements = requirements_of(kind)
        total = sum("==" in line for line in requirements.read_text().splitlines())
        sys.stderr.write(f"Setting up .venv: {total} packages, about a minute the first time ...\n")
        make_venv()
        pip(["--require-hashes", "-r", str(requirements)], total)
        pip(["--no-deps", "--no-build-isolation", "--editable", "."], 0)
        (VENV / f".set-up-{kind}").write_text(digest_of(requirements))
        sys.stderr.write(f"Set up in {time.time() - started:.0f} s.\n")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one set-up of this folder go on; another waits for it."""
    folder = os.open(str(HERE), os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("Waiting for another set-up of this folder ...\n")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def main(kind: str, *more: str) -> int:
    """See to everything that `kind` needs; the exit status."""
    check_python()
    if "debian" in more:
        status = beside("debian").main()
        if status != 0:
            return int(status)
    install(kind)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except OSError as error:
        fail(f"{error.filename or VENV}: {error.strerror}", "Put that right and run the same command again.")
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The same command goes on from here.\n")
        sys.exit(INTERRUPTED)
