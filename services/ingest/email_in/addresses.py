"""Mail addresses of fax machines: pure.

RFC 3191 and 3192: ``FAX=+1-202-555-0123@domain``, with ``/T33S=`` for a subaddress (whom behind the machine it is for);
and, as people write them, ``+12025550123@domain`` or ``2025550123@domain``.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from services.ingest.email_in.refusals import NO_POSTMASTER, NO_SUCH_ADDRESS, RELAYING_DENIED, Refused

_SEPARATORS = re.compile(r"[-.() ]")
"""RFC 3191, 2.1: hyphen and dot; people also write brackets and spaces."""

_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_SUBADDRESS = re.compile(r"[0-9*#]{1,20}")


@dataclass(frozen=True)
class Destination:
    """A number as it was written, without separators, and a T.33 subaddress."""

    number: str
    subaddress: str | None = None


def fax_destination(address: str, domains: Collection[str]) -> Destination:
    """Where a mail to `address` is to be faxed; `domains` in lower case.

    Raises:
        Refused: The domain isn't ours, or what stands before it is no number.
    """
    local, at, domain = address.rpartition("@")
    if not at:
        local, domain = address, ""
    mine = domain.lower().rstrip(".") in domains
    if local.lower() == "postmaster" and (mine or not at):  # RFC 5321, 4.5.1: also without a domain
        raise Refused(NO_POSTMASTER)
    if not mine:
        raise Refused(RELAYING_DENIED)
    return _read(local.strip('"').replace("\\", ""))


def _read(local: str) -> Destination:
    first, *more = local.lstrip("/").split("/")
    name, equals, number = first.partition("=")
    if equals and name.upper() != "FAX":
        raise Refused(NO_SUCH_ADDRESS)
    number = _SEPARATORS.sub("", number if equals else first)
    if not _NUMBER.fullmatch(number):
        raise Refused(NO_SUCH_ADDRESS)
    return Destination(number, _subaddress([one for one in more if one]))


def _subaddress(parts: list[str]) -> str | None:
    """The one parameter that is known; with another, the fax might go to the wrong person."""
    if not parts:
        return None
    name, _, value = parts[0].partition("=")
    value = _SEPARATORS.sub("", value)
    if len(parts) > 1 or name.upper() != "T33S" or not _SUBADDRESS.fullmatch(value):
        raise Refused(NO_SUCH_ADDRESS)
    return value
