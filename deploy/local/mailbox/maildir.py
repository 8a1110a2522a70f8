"""Mails on disk, one file each, in the Maildir layout that mail programs know."""

import email
import email.policy
import mailbox
from email.message import EmailMessage
from itertools import takewhile
from pathlib import Path

EMPTY_LINES = (b"\n", b"\r\n")


def deliver(folder: Path, content: bytes) -> str:
    """Store one mail durably and return its id, the name of its file."""
    return mailbox.Maildir(folder).add(content)


def list_mails(folder: Path) -> list[Path]:
    """The files of a Maildir, oldest first."""
    files = [file for part in ("new", "cur") for file in (folder / part).glob("*")]
    return sorted(files, key=lambda file: file.stat().st_mtime_ns)


def read_mail(file: Path) -> EmailMessage:
    """Parse one mail."""
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def read_headers(file: Path) -> EmailMessage:
    """Parse one mail as far as its first empty line; it has no body then."""
    with file.open("rb") as mail:
        head = b"".join(takewhile(lambda line: line not in EMPTY_LINES, mail))
    return email.message_from_bytes(head, policy=email.policy.default)


def read_maildir(folder: Path) -> list[EmailMessage]:
    """Every mail of a Maildir, oldest first; none when the folder does not exist.

    ``Return-Path`` and one ``Delivered-To`` per recipient tell the envelope each came in.
    """
    return [read_mail(file) for file in list_mails(folder)]
