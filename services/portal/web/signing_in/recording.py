"""The audit log's lines of signing in: who came in, failed to, or left, and from which network."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, ip_address, ip_network
from json import dumps
from typing import Final, Literal

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.inventory.tables import AUDIT
from services.portal.web.signing_in.people import Person

IPV4_BITS: Final = 24
IPV6_BITS: Final = 48
"""How much of an address is kept: it tells a network apart, not whoever is in it."""

Deed = Literal[
    "signed-in",
    "signed-out",
    "sign-in-failed",
    "sign-in-held-back",
    "password-changed",
    "password-change-failed",
    "api-token.made",
    "api-token.revoked",
    "operator.added",
    "operator.removed",
    "reseller.added",
    "dead-letter.replayed",
    "dead-letter.dropped",
    "hold.lifted",
]


def network_of(address: str) -> str:
    """The network part of an address, as ``192.0.2.0/24``; empty if it is no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    bits = IPV4_BITS if isinstance(found, IPv4Address) else IPV6_BITS
    return str(ip_network((found, bits), strict=False))


@dataclass(frozen=True)
class Line:
    """What was done. `subject` is the person's email if it is nothing else; `by` names who it was, if not surely them.

    `after` is shown beside it; it holds no secret, and no address.
    """

    what: Deed
    subject: str = ""
    by: str = ""
    after: Mapping[str, object] | None = None


async def record(connection: AsyncConnection, who: Person, at: datetime, line: Line) -> None:
    """Write a line, within a transaction. Operators are of no reseller, so no reseller sees theirs."""
    row = {
        "at": at,
        "user_id": who.user_id,
        "name": line.by or who.name,
        "reseller": who.reseller or "",
        "domain": who.domain,
        "what": line.what,
        "subject": line.subject or who.email,
        "before": None,
        "after": dumps(line.after, ensure_ascii=False) if line.after else None,
    }
    await connection.execute(insert(AUDIT), row)
