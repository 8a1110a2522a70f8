"""A mail server's certificate: read when the server starts, and again when its files change."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator

from cryptography import x509
from prometheus_client import CollectorRegistry, Gauge

from services._runtime.running import beside
from services.ingest.smtp.settings import SmtpServerSettings

LOOK_SECONDS = 30.0
"""How often the files are looked at."""

log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


class ServerCertificate:
    """What connections get for STARTTLS: `tls` is None where the settings name no certificate.

    Its end is told to Prometheus. Files that can't be used, because only one of the two is renewed yet, change nothing:
    the certificate before stays in use, and they are looked at again.
    """

    def __init__(self, settings: SmtpServerSettings, registry: CollectorRegistry) -> None:
        self.tls: ssl.SSLContext | None = None
        self._settings = settings
        self._stamp: _Stamp = ()
        if settings.certificate is not None:
            told = "When the certificate in use ends"
            self._ends = Gauge("nativefax_certificate_expires_seconds", told, registry=registry)

    def read(self) -> None:
        """Use the files as they are now from the next connection on.

        Raises:
            OSError, ValueError: They can't be read, or don't belong together.
        """
        if self._settings.certificate is None:
            return
        stamp = self._stamp_now()
        tls = self._settings.tls()
        certificate = x509.load_pem_x509_certificate(self._settings.certificate.read_bytes())
        self._ends.set(certificate.not_valid_after_utc.timestamp())
        self.tls, self._stamp = tls, stamp

    @contextlib.asynccontextmanager
    async def followed(self, look_seconds: float = LOOK_SECONDS) -> AsyncIterator[None]:
        """Read the files, and again whenever they change while the block runs; raises as `read` does at first."""
        self.read()
        async with beside(self._follow(look_seconds), "certificate"):
            yield

    async def _follow(self, look_seconds: float) -> None:
        while True:
            await asyncio.sleep(look_seconds)
            try:
                if self._stamp_now() != self._stamp:
                    self.read()
                    log.info("renewed certificate in use")
            except (OSError, ValueError) as error:
                log.error("renewed certificate not used", extra={"reason": str(error)})  # noqa: TRY400 - no trace needed

    def _stamp_now(self) -> _Stamp:
        files = (self._settings.certificate, self._settings.key)
        found = [file.stat() for file in files if file is not None]
        return tuple((one.st_ino, one.st_size, one.st_mtime_ns) for one in found)
