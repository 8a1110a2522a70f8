"""What a relay found out about a mail's sender: `Authentication-Results` (RFC 8601), read strictly. Pure.

What can't be read proves nothing.
"""

import re
from dataclasses import dataclass, field

from services.ingest.email_in.comments import without_comments

_NAME = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)\s*(?:/\s*[0-9]+\s*)?=\s*([A-Za-z]+)", re.ASCII)
_PIECE = re.compile(r"(?:\"[^\"]*\"|[^;\"])*")
_TOKEN = re.compile(r"(?:\"[^\"]*\"|[^\s\"])+")
_PROPERTY = re.compile(r"([A-Za-z]+\.[A-Za-z][A-Za-z0-9_-]*)=(.+)", re.ASCII | re.DOTALL)
"""A whole token: what is quoted in a reason, or in an address's local part, is the sender's to choose."""

_SERVER = re.compile(r"\"?([^\s;\"]+)\"?(?:\s+[0-9]+)?\s*", re.ASCII)


@dataclass(frozen=True)
class Result:
    """One method's result, and its properties such as ``header.d``."""

    method: str
    value: str
    properties: dict[str, str] = field(default_factory=dict)


def read(value: str) -> tuple[str, tuple[Result, ...]]:
    """The name of the server that checked (authserv-id, in lower case), and its results; ("", ()) if unreadable."""
    first, *rest = [one.strip() for one in _PIECE.findall(without_comments(value, quoted=True)) if one.strip()] or [""]
    server = _SERVER.fullmatch(first)
    if server is None:
        return "", ()
    return server[1].lower(), tuple(one for one in map(_result, rest) if one is not None)


def proves(results: tuple[Result, ...], address: str) -> bool:
    """Whether one of the results says that a mail is from `address`.

    DMARC for the domain; or DKIM or SPF for the domain or one above it (RFC 7489, 3.1); or that the relay's own user
    of this address signed in (RFC 8601, 2.7.4).
    """
    return any(one.value == "pass" and _of(one, address.lower()) for one in results)


def _of(result: Result, address: str) -> bool:
    domain = address.rpartition("@")[2]
    told = result.properties
    match result.method:
        case "dmarc":
            return told.get("header.from", "") == domain
        case "dkim":
            return _covers(told.get("header.d") or told.get("header.i", ""), domain)
        case "spf":
            return _covers(told.get("smtp.mailfrom", ""), domain)
        case "auth":
            return address in {told.get("smtp.auth"), told.get("smtp.mailfrom")}
    return False


def _covers(identity: str, domain: str) -> bool:
    signed = identity.rpartition("@")[2]
    return signed == domain or ("." in signed and domain.endswith(f".{signed}"))


def _result(text: str) -> Result | None:
    found = _NAME.match(text)
    properties = [one for one in map(_PROPERTY.fullmatch, _TOKEN.findall(text)) if one]
    listed = [(one[1].lower(), one[2].lower()) for one in properties]
    if found is None or len(dict(listed)) < len(listed):
        return None
    return Result(found[1].lower(), found[2].lower(), dict(listed))
