"""What every event is made of: strict, frozen models and the constrained types they share."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{1,14}$")]
"""E.164: ``+``, country code, at most 15 digits (ITU-T E.164)."""

CallerId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""What the network or the sending machine says it is: often a number, sometimes a word, never trusted."""

EmailAddress = Annotated[
    str, StringConstraints(pattern=r"^[^@\s<>\"(),:;\\\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,255}$", max_length=254)
]
"""An RFC 5321 mailbox without quoting; it can't carry a header or a second address."""

Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x08\x0a-\x1f\x7f]*$")]
"""One printable line."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A printable identifier chosen by somebody else: a switch, a call, a domain, a serial number."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _stays_below(key: str) -> str:
    if ".." in key:
        raise ValueError("a key may not contain ..")
    return key


ObjectKey = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9!_.*'()/+=@:-]{1,512}$"), AfterValidator(_stays_below)
]
"""A key in our bucket. ``..`` is refused, so a key can't climb out of its prefix."""

IncomingKey = Annotated[
    str, StringConstraints(pattern=r"^incoming/[A-Za-z0-9!_.*'()/+=@:-]{1,500}$"), AfterValidator(_stays_below)
]
"""Where telephony uploads: only below ``incoming/``, so an event can't name another fax's documents."""


def one_line(text: str) -> str:
    """`text` as one printable line."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


Subaddress = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,20}$")]
"""A T.33 subaddress: whom behind the far machine a fax is for (RFC 3192, ``/T33S=``; T.30, SUB)."""

Instant = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat, return_type=str, when_used="json")]
"""A moment with its offset, written as ISO 8601."""


class Frozen(BaseModel):
    """An immutable value: unknown fields and values of the wrong type are refused, not mended."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Event(Frozen):
    """Something that happened, or is asked for. Each concrete event belongs to exactly one topic."""


class FaxEvent(Event):
    """An event about one fax.

    `version` grows by one with each step, so a late event never overwrites a newer one.
    """

    fax_id: UUID
    version: int = Field(ge=1)


class StoredObject(Frozen):
    """A document in the object store: topics carry its key, never its bytes."""

    key: ObjectKey
    size: int = Field(ge=0, description="bytes")
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")]
