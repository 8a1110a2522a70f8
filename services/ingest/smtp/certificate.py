"""When a server's certificate ends, for Prometheus."""

from cryptography import x509
from prometheus_client import CollectorRegistry, Gauge

from services.ingest.smtp.settings import SmtpServerSettings


class CertificateEnd:
    """Tells when the certificate ends that a server has read; nothing where it has none."""

    def __init__(self, settings: SmtpServerSettings, registry: CollectorRegistry) -> None:
        self._file = settings.certificate
        if self._file is not None:
            self._ends = Gauge(
                "nativefax_certificate_expires_seconds", "When the certificate in use ends", registry=registry
            )

    def tell(self) -> None:
        """Look at the certificate, which the server reads when it starts, and not again.

        Raises:
            OSError, ValueError: It can't be read.
        """
        if self._file is not None:
            certificate = x509.load_pem_x509_certificate(self._file.read_bytes())
            self._ends.set(certificate.not_valid_after_utc.timestamp())
