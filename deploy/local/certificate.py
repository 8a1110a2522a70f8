"""A self-signed certificate for servers on this machine."""

import shutil
import subprocess
from pathlib import Path

from deploy.local.errors import SetupError

DAYS = 3650
NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


def find_openssl() -> str:
    """The openssl command.

    Raises:
        SetupError: There is none.
    """
    found = shutil.which("openssl")
    if found is None:
        raise SetupError(
            "The openssl command, which makes the local mailbox's certificate, is missing.",
            cure="On Debian and Ubuntu, as root: apt-get install openssl. Or let NATIVEFAX_SMTP_HOST name a relay.",
        )
    return found


def make_certificate(certificate: Path, key: Path) -> None:
    """Write a certificate for localhost and 127.0.0.1 and its private key (mode 0600), once, as PEM.

    Raises:
        SetupError: The openssl command is missing or fails.
    """
    if certificate.exists() and key.exists():
        return
    openssl = find_openssl()
    key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    request = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    subject = ["-subj", "/CN=localhost", "-addext", NAMES, "-days", str(DAYS)]
    try:
        subprocess.run(  # noqa: S603 - our own command
            [*request, *subject, "-keyout", str(key), "-out", str(certificate)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
    except subprocess.CalledProcessError as error:
        raise SetupError(
            f"openssl could not make a certificate: {error.stderr.strip()[-300:]}",
            cure="Check that `openssl version` is 3.0 or newer.",
        ) from error
    key.chmod(0o600)
