"""Envelope senders that say which mail came back: variable envelope return paths, signed.

A server that can't deliver a mail tells the envelope's sender (RFC 5321, 3.6.3). What it then says of the recipient, it
says in many ways; the address it says it to is ours, so that is what tells fax and recipient. It is made of the event,
so a mail that is sent again has the same one. Nobody can make or alter one without the secret.

The local part is 40 octets in base32, in lower case: 64 characters, the longest there may be (RFC 5321, 4.5.3.1.1),
and read in either case, for some servers change it. The octets, in this order: direction (1 bit) and version (15),
fax id (128), acceptance in microseconds (56), a digest of the recipient (32), and 88 bits of HMAC-SHA-256.
"""

import hmac
from base64 import b32decode, b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from schemas.fax import EmailRequested
from schemas.keys import FORWARDED, fax_prefix

MailDomain = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$", max_length=189)
]
"""A domain that leaves room for the local part in an address of 254 octets (RFC 5321, 4.5.3.1.3)."""

LOCAL_PART = 64

_SALT = b"nativefax.verp.v1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SIGNED, _SIGNATURE = 29, 11
_RECEIVED, _VERSION = 1 << 15, (1 << 15) - 1


class NotOurs(Exception):  # noqa: N818 - it says what is known of the address
    """The address is not one of ours, or was altered."""


@dataclass(frozen=True)
class SentMail:
    """Which mail an address stands for.

    Attributes:
        fax_id: Of which fax.
        accepted_at: The fax's date.
        version: The request's version, at most 32,767.
        received: The fax was received, not sent.
        recipient_digest: Tells one recipient of a fax from another: see `digest`.
    """

    fax_id: UUID
    accepted_at: datetime
    version: int
    received: bool
    recipient_digest: bytes


class Verp:
    """Makes and reads addresses below `domain`; `secret` is the same on every host."""

    def __init__(self, secret: str, domain: str) -> None:
        self._key = hmac.digest(secret.encode(), _SALT, sha256)
        self._domain = domain.lower()

    def address(self, event: EmailRequested) -> str:
        """The envelope sender of the mail that `event` asks for."""
        flags = min(event.version, _VERSION) | (_RECEIVED if event.direction == "received" else 0)
        signed = b"".join(
            (
                flags.to_bytes(2),
                event.fax_id.bytes,
                ((event.accepted_at - _EPOCH) // _MICROSECOND).to_bytes(7),
                digest(event.recipient),
            )
        )
        return f"{b32encode(signed + self._signature(signed)).decode().lower()}@{self._domain}"

    def read(self, address: str) -> SentMail:
        """The mail that `address` stands for.

        Raises:
            NotOurs: It stands for none.
        """
        local, _, domain = address.rpartition("@")
        if domain.lower() != self._domain or len(local) != LOCAL_PART or not local.isascii():
            raise NotOurs("not below our domain, or not of our length")
        try:
            octets = b32decode(local.upper())
        except ValueError as error:
            raise NotOurs("not base32") from error
        signed, signature = octets[:_SIGNED], octets[_SIGNED:]
        if not hmac.compare_digest(signature, self._signature(signed)):
            raise NotOurs("the signature is another")
        return _unpacked(signed)

    def _signature(self, signed: bytes) -> bytes:
        return hmac.digest(self._key, signed, sha256)[:_SIGNATURE]


def forwarded_key(fax_id: UUID, accepted_at: datetime, version: int, recipient_digest: bytes) -> str:
    """Where the request is kept of a mail by which somebody forwarded a fax: no decision tells of it."""
    return f"{fax_prefix(accepted_at, fax_id)}{FORWARDED}{version}-{recipient_digest.hex()}.json"


def digest(recipient: str) -> bytes:
    """Four octets that tell a fax's recipients apart."""
    return sha256(recipient.encode()).digest()[:4]


def _unpacked(signed: bytes) -> SentMail:
    flags = int.from_bytes(signed[:2])
    return SentMail(
        fax_id=UUID(bytes=signed[2:18]),
        accepted_at=_EPOCH + int.from_bytes(signed[18:25]) * _MICROSECOND,
        version=flags & _VERSION,
        received=bool(flags & _RECEIVED),
        recipient_digest=signed[25:],
    )
