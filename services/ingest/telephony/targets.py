"""From a URL to where it may be fetched: its scheme and host are in the settings, or it is refused. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from services.ingest.telephony.problems import Refused

PORTS: Final = {"https": 443, "http": 80}
LONGEST_LABEL: Final = 63
"""Between two dots of a name, and never nothing (RFC 1035, 2.3.4); a resolver may take another for a fault of ours."""


@dataclass(frozen=True)
class Target:
    """What is asked of whom.

    Attributes:
        url: As it was given.
        host: Its host in lower case and ASCII.
        port: Told or implied.
        name: The host as the request names it, with a port that isn't implied.
    """

    url: httpx.URL
    host: str
    port: int
    name: str


def target_of(text: str, hosts: Sequence[str], without_tls: Sequence[str]) -> Target:
    """Where `text` leads.

    Raises:
        Refused: It is no URL, or leads to where files are not fetched from.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Refused("url-not-allowed", "It is no URL.") from error
    if url.userinfo or "@" in url.netloc.decode("ascii", "replace") or url.fragment:
        raise Refused("url-not-allowed", "It may have no user name and no fragment.")
    host = url.raw_host.decode("ascii", "replace").lower().rstrip(".")
    if url.scheme not in PORTS or not all(0 < len(label) <= LONGEST_LABEL for label in host.split(".")):
        raise Refused("url-not-allowed", "It must begin with https:// and name a host.")
    port = url.port or PORTS[url.scheme]
    if not _listed(host, port, url.scheme, hosts):
        raise Refused("url-not-allowed", "Its host isn't among those that files are fetched from.")
    if url.scheme == "http" and not _listed(host, port, url.scheme, without_tls):
        raise Refused("url-not-allowed", "This host is asked by https only.")
    literal = f"[{host}]" if ":" in host else host
    return Target(url, host, port, literal if port == PORTS[url.scheme] else f"{literal}:{port}")


def _listed(host: str, port: int, scheme: str, entries: Sequence[str]) -> bool:
    return any(_matches(host, port, scheme, one.lower()) for one in entries)


def _matches(host: str, port: int, scheme: str, entry: str) -> bool:
    """An entry without a port means the scheme's own."""
    name, colon, told = entry.rpartition(":")
    wanted, at = (name, told) if colon and told.isdigit() and "]" not in told else (entry, str(PORTS[scheme]))
    wanted = wanted.strip("[]")
    same = host.endswith(wanted) and host != wanted[1:] if wanted.startswith(".") else host == wanted
    return same and at == str(port)
