"""A fax's id is a function of where it came from, so a redelivered fax is the same fax (docs/adr/0003)."""

import json
from hashlib import sha256
from uuid import UUID, uuid5

NAMESPACE = UUID("6f3c1f0e-9d0b-5e0a-8f5e-2a6a3c1b7d44")


def stable_id(*parts: str | int) -> UUID:
    """A UUIDv5 of `parts`; JSON keeps ("a", "bc") and ("ab", "c") apart."""
    return uuid5(NAMESPACE, json.dumps(parts, ensure_ascii=False, separators=(",", ":")))


def content_id(kind: bytes, content: bytes) -> str:
    """A name for bytes of one kind: the same bytes have the same name."""
    return sha256(kind + b"\0" + content).hexdigest()[:32]


def received_fax_id(switch_id: str, call_id: str, fax_ordinal: int) -> UUID:
    """The id of the `fax_ordinal`-th fax (from 0) of one call on one switch."""
    return stable_id("telephony", switch_id, call_id, fax_ordinal)


def stranded_fax_id(object_key: str) -> UUID:
    """The id of the fax made of an upload that no event told of."""
    return stable_id("stranded", object_key)


def api_fax_id(account_id: str, idempotency_key: str) -> UUID:
    """The id of a fax submitted over HTTP under a key that the client chose."""
    return stable_id("api", account_id, idempotency_key)


def ata_fax_id(serial: str, booted_at: str, job: str) -> UUID:
    """The id of a device's job; a device's job counter starts anew when it boots, so its boot time counts too."""
    return stable_id("ata", serial, booted_at, job)


def mail_fax_id(account_id: str, message_id: str, date: str, recipient: str, digest: str) -> UUID:
    """The id of one recipient's fax of a mail; `digest` is the SHA-256 of its decoded body and attachments."""
    return stable_id("mail", account_id, message_id, date, recipient, digest)


def colliding_fax_id(fax_id: UUID, content_sha256: str) -> UUID:
    """The id of a second, different document that arrived under `fax_id`'s source key."""
    return stable_id("collision", str(fax_id), content_sha256)


def notice_id(fax_id: UUID, version: int) -> UUID:
    """The id of a page that tells how a sent fax ended, as of its `version`."""
    return stable_id("notice", str(fax_id), version)


def attempt_id(fax_id: UUID, attempt: int) -> UUID:
    """The id of the `attempt`-th call (from 1) that telephony is asked for to send a fax."""
    return stable_id("dial", str(fax_id), attempt)
