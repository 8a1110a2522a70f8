"""Links from mails, followed as their reader would, and as somebody would who has no right to."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus

import httpx

from services._runtime.links import Links

Fetch = Callable[[str], tuple[int, bytes]]
"""An address → the answer's status and body."""


def fetch(address: str) -> tuple[int, bytes]:
    """GET `address`; status 0 when nobody answers."""
    try:
        answer = httpx.get(address, timeout=15, trust_env=False, verify=_trusted())
    except httpx.HTTPError as error:
        return 0, str(error).encode()
    return answer.status_code, answer.content


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust, read once: it is most of what a request costs."""
    return httpx.create_ssl_context(trust_env=False)


def document_behind(link: str, get: Fetch) -> bytes | None:
    """The PDF that a link leads to; None if its page or its document isn't served."""
    page, _ = get(link)
    status, body = get(pdf_address(link))
    return body if page == status == HTTPStatus.OK else None


def pdf_address(link: str) -> str:
    """Where the page's own link to the document leads."""
    return f"{link}/fax.pdf"


def wrongly_served(link: str, secret: str, days: int, get: Fetch) -> Iterator[str]:
    """What is served that should not be: altered links must be 404, an expired one 410."""
    for altered in alterations(link):
        yield from _not(HTTPStatus.NOT_FOUND, "an altered link", altered, get)
    yield from _not(HTTPStatus.GONE, "an expired link", expired(link, secret, days), get)


def alterations(link: str) -> list[str]:
    """The link with one character changed: at the start, in the middle and near the end of its token; and cut."""
    base, _, token = link.rpartition("/")
    # Not the very last character: two of its bits belong to no octet (RFC 4648, 3.5), so it has four spellings.
    places = (0, len(token) // 2, len(token) - 3)
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in places]
    return [f"{base}/{one}" for one in (*changed, token[:-4])]


def expired(link: str, secret: str, days: int) -> str:
    """The same link as it would be had its mail been asked for so long ago that it no longer works."""
    base, _, token = link.rpartition("/")
    links = Links(secret, days)
    known = links.read(token)
    long_ago = datetime.now(UTC) - timedelta(days=days, hours=1)
    made = links.token(
        known.fax_id, known.account_id, known.accepted_at, known.key, issued_at=long_ago, shown=known.shown
    )
    return f"{base}/{made}"


def _not(wanted: int, what: str, link: str, get: Fetch) -> Iterator[str]:
    for address in (link, pdf_address(link)):
        status, _ = get(address)
        if status != wanted:
            yield f"{what} was answered {status} instead of {int(wanted)}"
