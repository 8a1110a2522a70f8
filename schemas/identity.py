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


def colliding_fax_id(fax_id: UUID, content_sha256: str) -> UUID:
    """The id of a second, different document that arrived under `fax_id`'s source key."""
    return stable_id("collision", str(fax_id), content_sha256)
