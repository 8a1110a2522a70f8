"""A fax to send, as any gateway has it before it is accepted: pure values."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from uuid import UUID

from schemas import base
from schemas.accounts import FaxAccount
from schemas.fax import SubmissionMethod

FILENAME, FILENAME_BYTES = 60, 120
"""Characters of a file's name that are kept, and octets in UTF-8: thirty names must fit an event."""


@dataclass(frozen=True)
class File:
    """One file, as it came; `media_type` is what its sender calls it: for the document worker a hint only."""

    filename: str
    media_type: str
    data: bytes

    @property
    def name(self) -> str:
        """The end of its name, as an event carries it."""
        name = one_line(self.filename[-FILENAME:])
        return name.encode()[-FILENAME_BYTES:].decode(errors="ignore")

    @property
    def kind(self) -> str:
        """Its media type, if it has the form of one."""
        told = self.media_type.lower()
        return told if re.fullmatch(r"[a-z]{1,20}/[a-z0-9.+-]{1,80}", told) else "application/octet-stream"


@dataclass(frozen=True)
class Submission:
    """What a gateway was given, from a sender it has authenticated.

    Attributes:
        fax_id: From `schemas.identity`, by the gateway's rule.
        account: Whose fax it is.
        destination: The number as the user wrote it.
        files: In the order attached; at least one.
        cover: Make a cover page, with `cover_text` on it.
        reply_to: Who is told by mail how it ends.
        source_sha256: Of what was submitted, where the id already stands for all of it; so that settings of the account
            which change between a submission and its repeat don't make two faxes of it.
    """

    fax_id: UUID
    account: FaxAccount
    method: SubmissionMethod
    sender: str
    destination: str
    files: tuple[File, ...]
    subject: str = ""
    subaddress: str | None = None
    cover: bool = False
    cover_text: str = ""
    reply_to: str | None = None
    resolution: Literal["standard", "fine"] = "fine"
    source_sha256: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of all that makes this fax: another digest under the same id is another fax."""
        if self.source_sha256 is not None:
            return self.source_sha256
        parts = [
            self.destination,
            self.subaddress or "",
            self.subject,
            self.cover_text,
            str(self.cover),
            self.resolution,
        ]
        parts += [part for file in self.files for part in (file.filename, sha256(file.data).hexdigest())]
        return sha256("\0".join(parts).encode()).hexdigest()


def one_line(text: str) -> str:
    """`text` as one printable line of at most 200 characters, as events carry it."""
    return base.one_line(text)[:200]
