"""What the stage asks of a mail server, and every way it may answer."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Mail:
    """One message to one recipient. `message` has CRLF line ends, and no line over 998 octets (RFC 5322, 2.1.1)."""

    sender: str
    recipient: str
    message: bytes


@dataclass(frozen=True)
class Sent:
    """The server took responsibility (250 after the final dot; RFC 5321, 6.1)."""

    response: str


@dataclass(frozen=True)
class Deferred:
    """The server can't take this message now (4xx). Nothing was sent."""

    code: int
    text: str


@dataclass(frozen=True)
class Refused:
    """The server will never take this message (5xx). Nothing was sent."""

    code: int
    text: str


@dataclass(frozen=True)
class TooLarge:
    """The message is over the server's limit in bytes, 0 if it didn't say which. Nothing was sent.

    `said` is its reply, empty if it was not asked; that a mailbox is full has the same code.
    """

    limit: int
    said: str = ""


@dataclass(frozen=True)
class Unknown:
    """The connection was lost after the final dot: the server has the message, or it hasn't (RFC 1047)."""


Answer = Sent | Deferred | Refused | TooLarge | Unknown


class Mailer(Protocol):
    """A mail server that takes one message for one recipient at a time."""

    async def send(self, mail: Mail) -> Answer:
        """Try once, within a hard timeout.

        Raises:
            DependencyAway: The server can't be reached or doesn't serve us. Nothing was sent.
        """
