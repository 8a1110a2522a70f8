"""Who a mail is from, as far as its relay vouches for it. An unproven From is never believed. Pure."""

import re
from collections.abc import Sequence

from services.ingest.email_in.comments import without_comments
from services.ingest.email_in.refusals import FROM_UNREADABLE, SENDER_DIFFERS, SENDER_UNPROVEN, Refused
from services.ingest.email_in.relays import Relay
from services.ingest.email_in.results import proves, read

LONGEST = 2000
"""Characters of a From field that are read."""

_MAILBOX = re.compile(r"(?:[^<>@]*<\s*([^<>\s@,;:]+@[^<>\s@,;:]+)\s*>|\s*([^<>\s@,;:]+@[^<>\s@,;:]+))\s*")
_ADDRESS = re.compile(r"[^@\s<>\"(),:;\\\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,190}")

Header = Sequence[tuple[str, str]]
"""A mail's fields in order: lower-case name and value."""


def proven_sender(header: Header, relay: Relay, mail_from: str) -> str:
    """The address in From, in lower case; `mail_from` is the envelope's, as `in_ascii` and in lower case.

    Raises:
        Refused: From is not one address, or the relay doesn't vouch for it.
    """
    address = from_address([value for name, value in header if name == "from"])
    if relay.vouches_for == "envelope-sender":
        if mail_from != address:
            raise Refused(SENDER_DIFFERS)
        return address
    topmost = next((value for name, value in header if name == "authentication-results"), "")
    server, results = read(topmost)
    if server != relay.authserv_id or not proves(results, address):
        raise Refused(SENDER_UNPROVEN)
    return address


def from_address(values: Sequence[str]) -> str:
    """The one address of the one From field (RFC 5322, 3.6.2), in lower case.

    What stands in quotes or comments is a name, even if it looks like an address.

    Raises:
        Refused: There are several, or none that can be read.
    """
    if len(values) != 1 or len(values[0]) >= LONGEST:
        raise Refused(FROM_UNREADABLE)
    found = _MAILBOX.fullmatch(without_comments(values[0], quoted=False))
    address = in_ascii((found[1] or found[2]) if found else "")
    if not _ADDRESS.fullmatch(address):
        raise Refused(FROM_UNREADABLE)
    return address.lower()


def in_ascii(address: str) -> str:
    """An address with its domain in ASCII (RFC 5890); empty if there is no such domain."""
    local, at, domain = address.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
