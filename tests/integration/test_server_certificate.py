"""The certificate of our mail servers: renewed under a server that goes on, and told to Prometheus."""

import asyncio
import smtplib
import ssl
import time
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from deploy.local.certificate import LIFE, make_certificate
from services.ingest.bounces.door import listen
from services.ingest.bounces.settings import BounceSettings
from services.ingest.smtp.certificate import ServerCertificate
from tests.processes import eventually
from tests.unit.bounces import World

ENDS = "nativefax_certificate_expires_seconds"
LOOK_SECONDS = 0.05


def settings(folder: Path) -> BounceSettings:
    """Of a server whose certificate lies in `folder`; it is made anew there."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    make_certificate(certificate, key)
    return BounceSettings(port=0, domain="bounces.north.example", certificate=certificate, key=key)


def shown(port: int, expected: Path) -> bool:
    """Whether a new connection is shown this certificate, as somebody sees who trusts no other."""
    with smtplib.SMTP("localhost", port, timeout=10) as smtp:
        try:
            smtp.starttls(context=ssl.create_default_context(cafile=str(expected)))
        except ssl.SSLCertVerificationError:
            return False
        return smtp.noop()[0] == 250


async def test_a_renewed_certificate_is_used_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own, new = tmp_path / "own", tmp_path / "new"
    used, _ = settings(own), settings(new)
    before = tmp_path / "before.crt"
    before.write_bytes((own / "tls.crt").read_bytes())
    certificate = ServerCertificate(used, CollectorRegistry())

    def renewed(port: int) -> None:
        assert shown(port, before)
        (own / "tls.crt").write_bytes((new / "tls.crt").read_bytes())
        assert eventually(lambda: "renewed certificate not used" in caplog.text)
        assert shown(port, before), "one of two files is not a renewal"
        (own / "tls.key").write_bytes((new / "tls.key").read_bytes())
        assert eventually(lambda: shown(port, new / "tls.crt"))
        assert not shown(port, before)

    async with certificate.followed(LOOK_SECONDS):
        server = await listen(World().gateway, used, lambda: certificate.tls)
        async with server:
            await asyncio.to_thread(renewed, server.sockets[0].getsockname()[1])


def test_a_mail_server_tells_when_its_certificate_ends(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    ServerCertificate(settings(tmp_path), registry).read()
    ends = registry.get_sample_value(ENDS) or 0
    assert timedelta(seconds=ends - time.time()) > LIFE - timedelta(hours=1)


def test_a_certificate_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    certificate = ServerCertificate(settings(tmp_path), CollectorRegistry())
    certificate.read()
    (tmp_path / "tls.crt").write_text("none")
    with pytest.raises(ssl.SSLError, match="PEM"):
        certificate.read()


def test_a_server_without_a_certificate_has_none() -> None:
    registry = CollectorRegistry()
    certificate = ServerCertificate(BounceSettings(), registry)
    certificate.read()
    assert certificate.tls is None
    assert registry.get_sample_value(ENDS) is None
