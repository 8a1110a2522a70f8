"""What a user runs today: HylaFAX's bin/faxrcvd as Debian ships it, in a spool of its own, with a null mailer.

Nothing is installed: `apt-get download` fetches the packages and they are unpacked below .local/cache. Debian's own
wrapper around faxinfo, which mounts the system's configuration, is passed by; that is to HylaFAX's advantage.
"""

import os
import shutil
import subprocess
from email import message_from_bytes, policy
from pathlib import Path

from tests.providers.local import CACHE

PACKAGES = ("hylafax-server", "hylafax-client")
"""faxrcvd, faxinfo and the templates are in the first, the library of faxinfo is in the second."""

PROGRAMS = ("awk", "base64", "bash", "expr", "mktemp", "sed", "tiff2pdf")
"""What faxrcvd calls, beside its own."""

_SETUP = """\
AWK='{awk}'
BASE64ENCODE='{base64}'
ENCODING='base64'
GREP='{grep}'
QPENCODE='qp-encode'
RM='{rm}'
SBIN='{unpacked}/usr/lib/hylafax/bin'
SED='{sed}'
SENDMAIL='{spool}/mailer'
TIFF2PDF='{tiff2pdf}'
TIFFBIN='{tiffbin}'
TTYCMD='{tty}'
"""
"""What Debian's faxsetup writes, as far as faxrcvd reads it, but for the mailer."""

_DISPATCH = "SENDTO=desk@clinic.example\nFILETYPE=pdf\nNOTIFY_FAXMASTER=never\n"
"""One mail with the PDF attached, and none to the administrator."""


class HylafaxMissing(Exception):  # noqa: N818 - it says what happened
    """HylaFAX can't be had on this machine; the message says what to do."""


class Faxrcvd:
    """Runs faxrcvd in a spool below `folder`; raises `HylafaxMissing` when it can't."""

    def __init__(self, folder: Path) -> None:
        self._spool = folder / "hylafax"
        unpacked = _unpacked()
        self._environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(unpacked / "usr/lib/hylafax")}
        shutil.copytree(unpacked / "var/spool/hylafax", self._spool)
        shutil.copytree(unpacked / "etc/hylafax/templates", self._spool / "etc/templates")
        (self._spool / "etc/setup.cache").write_text(_setup(unpacked, self._spool))
        (self._spool / "etc/FaxDispatch").write_text(_DISPATCH)
        (self._spool / "mailer").write_text(f"#!/bin/sh\nexec cat >{self._spool}/mail\n")
        (self._spool / "mailer").chmod(0o755)

    def seconds(self, fax: Path) -> float:
        """CPU that one run takes, with all its children, in seconds; fails unless it made a mail with a PDF."""
        shutil.copyfile(fax, self._spool / "recvq/fax.tif")
        command = ["bin/faxrcvd", "recvq/fax.tif", "ttyS0", "000000001", "", "+15550199"]
        process = subprocess.Popen(
            command,
            cwd=self._spool,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, f"faxrcvd ended with {process.returncode}"
        self._check_mail()
        return used.ru_utime + used.ru_stime

    def _check_mail(self) -> None:
        mail = self._spool / "mail"
        (pdf,) = message_from_bytes(mail.read_bytes(), policy=policy.default).iter_attachments()
        assert pdf.get_content().startswith(b"%PDF"), "faxrcvd sent no PDF"
        mail.unlink()


def _unpacked() -> Path:
    """The unpacked packages, fetched once."""
    there = CACHE / "hylafax"
    if not there.exists():
        partial = CACHE / f".hylafax-{os.getpid()}"
        partial.mkdir(parents=True)
        try:
            _run(partial, "apt-get", "--quiet", "download", *PACKAGES)
            for package in partial.glob("*.deb"):
                _run(partial, "dpkg-deb", "--extract", package.name, "unpacked")
            (partial / "unpacked").rename(there)
        finally:
            shutil.rmtree(partial)
    return there


def _run(folder: Path, *command: str) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise HylafaxMissing(
            f"HylaFAX is needed to compare with, and `{' '.join(command)}` failed. On Debian, `apt-get update` as root "
            "and a network help; elsewhere this figure can't be had."
        ) from error


def _setup(unpacked: Path, spool: Path) -> str:
    found = {name: shutil.which(name) for name in (*PROGRAMS, "grep", "rm", "tty")}
    if missing := sorted(name for name, path in found.items() if path is None):
        raise HylafaxMissing(f"faxrcvd needs {', '.join(missing)}. As root: apt-get install libtiff-tools gawk")
    tiffbin = Path(found["tiff2pdf"] or "").parent
    return _SETUP.format(unpacked=unpacked, spool=spool, tiffbin=tiffbin, **found)
