"""Who may hand us mail: relays, by name and secret, by network, or by both."""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

SECRET = 32
"""Characters of the shortest secret: only what is random and long is safe behind a plain hash."""


class Relay(BaseModel):
    """One relay.

    Attributes:
        name: What it signs in as.
        password_sha256: Of its secret. None: it needn't sign in, its networks suffice.
        networks: Where it connects from. Empty: anywhere.
        vouches_for: ``results``: for what its topmost Authentication-Results says; ``envelope-sender``: for the address
            in MAIL FROM, for its users sign in with it.
        authserv_id: Its name in Authentication-Results (RFC 8601, 2.5).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    password_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", to_lower=True)] | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    vouches_for: Literal["results", "envelope-sender"] = "results"
    authserv_id: Annotated[str, StringConstraints(min_length=1, max_length=255, to_lower=True)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.password_sha256 is None and not self.networks:
            raise ValueError(f"relay {self.name!r} needs a password_sha256, networks, or both")
        if self.vouches_for == "results" and self.authserv_id is None:
            raise ValueError(f"relay {self.name!r} needs its authserv_id, or vouches_for=envelope-sender")
        return self

    def is_at(self, peer: str) -> bool:
        """Whether it may connect from this address."""
        return not self.networks or _within(peer, self.networks)


def signed_in(relays: Sequence[Relay], name: bytes, secret: bytes, peer: str) -> Relay | None:
    """The relay whose name and secret these are, if it may connect from `peer`."""
    hashed = sha256(secret).hexdigest()
    for relay in relays:
        known = relay.password_sha256 is not None and hmac.compare_digest(relay.password_sha256, hashed)
        if known and relay.name.encode() == name and len(secret) >= SECRET and relay.is_at(peer):
            return relay
    return None


def trusted(relays: Sequence[Relay], peer: str) -> Relay | None:
    """The relay that needn't sign in and connects from `peer`."""
    return next((one for one in relays if one.password_sha256 is None and one.is_at(peer)), None)


def _within(peer: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
