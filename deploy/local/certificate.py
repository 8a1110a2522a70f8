"""A self-signed certificate for servers on this machine."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.programs import write_private

LIFE = timedelta(days=3650)


def make_certificate(certificate: Path, key: Path, addresses: Iterable[str] = ("127.0.0.1",)) -> None:
    """Write a certificate for localhost and `addresses`, and its private key (mode 0600), once, as PEM."""
    if certificate.exists() and key.exists():
        return
    key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = ec.generate_private_key(ec.SECP256R1())
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    write_private(key, private.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain).decode())
    certificate.write_bytes(_signed(private, addresses).public_bytes(encoding))


def _signed(private: ec.EllipticCurvePrivateKey, addresses: Iterable[str]) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    named = [x509.IPAddress(ip_address(address)) for address in addresses]
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), *named])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
