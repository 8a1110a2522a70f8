"""What the machine must have, looked at before anything is started."""

import os
import platform
import shutil
from collections.abc import Collection
from pathlib import Path

from deploy.local.errors import SetupError
from deploy.local.java import find_java
from deploy.local.seaweedfs import find_weed

NEEDED_BYTES = 1 << 30  # jars, Kafka's first segments and the store's first volumes


def check_machine(root: Path, parts: Collection[str]) -> None:
    """See that `parts` can run here with their data below `root`; make the folder.

    Raises:
        SetupError: For the first thing that stands in the way, with its cure.
    """
    _check_folder(root)
    if "store" in parts:
        _check_system()
        find_weed()
    if "kafka" in parts:
        find_java()


def _check_system() -> None:
    system, machine = platform.system(), platform.machine()
    if (system, machine) != ("Linux", "x86_64"):
        raise SetupError(
            f"The local object store runs on Linux on x86-64; this is {system} on {machine}.",
            cure="Let NATIVEFAX_STORE_ENDPOINT, _BUCKET, _ACCESS_KEY and _SECRET_KEY name an S3 store elsewhere.",
        )


def _check_folder(root: Path) -> None:
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (root / "run").mkdir(mode=0o700, exist_ok=True)
        probe = root / "run" / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise SetupError(
            f"{root} cannot be written ({error.strerror}).",
            cure="Make the folder writable for this user, or work in a copy of the project elsewhere.",
        ) from error
    free = shutil.disk_usage(root).free
    if free < NEEDED_BYTES:
        raise SetupError(
            f"The disk of {root} has {free >> 20} MB left; {NEEDED_BYTES >> 20} MB are needed.",
            cure="Free some space, or work in a copy of the project on another disk.",
        )
