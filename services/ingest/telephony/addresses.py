"""Which addresses files may be fetched from: none that leads into our own network, however it is written.

The rules are stricter than `ipaddress.is_global` of Python 3.11, which takes several transition prefixes for public.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NEVER: Final[tuple[Network, ...]] = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments (RFC 6890)
    IPv4Network("192.88.99.0/24"),  # 6to4 relays (RFC 7526)
    IPv6Network("2001::/23"),  # IETF protocol assignments, Teredo among them (RFC 2928, RFC 4380)
    IPv6Network("2002::/16"),  # 6to4 carries any IPv4 address (RFC 3056)
    IPv6Network("2001:db8::/32"),  # documentation (RFC 3849)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)
_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is assigned as global unicast (IANA); what lies outside carries IPv4 addresses or is local."""


def permitted(address: Address, networks: Sequence[Network]) -> bool:
    """Whether files may be fetched from `address`: it is public, or in one of `networks`."""
    plain = _plain(address)
    return any(_within(plain, one) for one in networks) or _public(plain)


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as IPv6 is still that IPv4 address (RFC 4291, 2.5.5.2)."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _public(address: Address) -> bool:
    if address.is_multicast or not address.is_global or any(_within(address, one) for one in _NEVER):
        return False
    return isinstance(address, IPv4Address) or _within(address, _UNICAST)


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network
