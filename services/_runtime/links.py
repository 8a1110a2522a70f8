"""Links to the portal's page of one fax (docs/adr/0013).

One kind leads to the fax after signing in. The other carries a token, which opens it for whoever has it. A token
expires, and nobody can make or alter one. It is a function of the fax and of the instant its mail was asked for, so a
mail that is sent again carries the same link. Whoever holds it can read what it says: no more than the mail it came in.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from itsdangerous import BadSignature, Signer

from schemas.accounts import Brand
from schemas.keys import DOCUMENT, fax_prefix
from services._runtime.claims import utc_now
from services._runtime.settings import LinkSettings

_SALT = "nativefax.link.v1"
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def fax_page(fax_id: UUID) -> str:
    """The path of a fax's page in the portal. It is in mails that people keep, so it stays as it is."""
    return f"/fax/{fax_id}"


class LinkRefused(Exception):  # noqa: N818 - it says what happened
    """The token is not one of ours, or was altered."""


@dataclass(frozen=True)
class Shown:
    """What the page says of the fax. The brand is the reseller's; without a name the page is neutral."""

    direction: str = "received"
    other_party: str = ""
    pages: int = 0
    time_zone: str = "UTC"
    brand: str = ""
    colour: str = "#1f5fa8"


@dataclass(frozen=True)
class Link:
    """What a token stands for: one document of one fax of one account, until `expires_at`."""

    fax_id: UUID
    account_id: str
    accepted_at: datetime
    key: str
    expires_at: datetime
    shown: Shown = Shown()


class LinkExpired(Exception):  # noqa: N818 - it says what happened
    """The token was ours, and its time is over."""

    def __init__(self, link: Link) -> None:
        super().__init__(f"the link worked until {link.expires_at.isoformat()}")
        self.link = link


class Links:
    """Makes and reads tokens.

    `secret` is the same on every host; `days` is how long a link works; `portal_url` replaces the brands' own hosts.
    """

    def __init__(
        self, secret: str, days: int, now: Callable[[], datetime] = utc_now, *, portal_url: str | None = None
    ) -> None:
        self._signer = Signer(secret, salt=_SALT, digest_method=hashlib.sha256)
        self._works_for = timedelta(days=days)
        self._now = now
        self._portal_url = portal_url

    @classmethod
    def of(cls, settings: LinkSettings) -> "Links":
        """As the settings say."""
        return cls(settings.links_secret.get_secret_value(), settings.links_days, portal_url=settings.portal_url)

    def url(self, brand: Brand, token: str) -> str:
        """Where a link that opens by itself leads."""
        return f"{self._portal(brand)}/f/{token}"

    def page(self, brand: Brand, fax_id: UUID) -> str:
        """Where a link that asks for a sign-in leads."""
        return f"{self._portal(brand)}{fax_page(fax_id)}"

    def expiry(self, issued_at: datetime) -> datetime:
        """When a link issued at `issued_at` stops working."""
        return issued_at + self._works_for

    def _portal(self, brand: Brand) -> str:
        """The reseller's portal host, unless a setting names another portal."""
        return (self._portal_url or f"https://{brand.portal_host}").rstrip("/")

    def token(
        self,
        fax_id: UUID,
        account_id: str,
        accepted_at: datetime,
        key: str,
        *,
        issued_at: datetime,
        shown: Shown | None = None,
    ) -> str:
        """The token of one document; `issued_at` is fixed by the event, so the token is too."""
        link = Link(fax_id, account_id, accepted_at, key, self.expiry(issued_at), shown or Shown())
        packed = json.dumps(_pack(link), ensure_ascii=False, separators=(",", ":")).encode()
        return self._signer.sign(base64.urlsafe_b64encode(packed).rstrip(b"=")).decode()

    def read(self, token: str) -> Link:
        """The link behind a token.

        Raises:
            LinkRefused: It isn't ours, or was altered.
            LinkExpired: Its time is over.
        """
        if not _SHAPE.fullmatch(token):  # base64's decoder takes + for - and passes over what it doesn't know
            raise LinkRefused("not a link of ours")
        try:
            packed = self._signer.unsign(token)
            link = _unpack(json.loads(base64.urlsafe_b64decode(packed + b"=" * (-len(packed) % 4))))
        except (BadSignature, ValueError, TypeError, OverflowError) as error:
            raise LinkRefused("not a link of ours") from error
        if self._now() >= link.expires_at:
            raise LinkExpired(link)
        return link


def _pack(link: Link) -> list[str | int]:
    usual = fax_prefix(link.accepted_at, link.fax_id) + DOCUMENT
    shown = link.shown
    return [
        base64.b85encode(link.fax_id.bytes).decode(),
        link.account_id,
        int(link.accepted_at.timestamp() * 1_000_000),
        int(link.expires_at.timestamp()),
        "" if link.key == usual else link.key,
        shown.direction,
        shown.other_party,
        shown.pages,
        shown.time_zone,
        shown.brand,
        shown.colour,
    ]


def _unpack(packed: list[str | int]) -> Link:
    fax, account, accepted, expires, key, direction, other, pages, zone, brand, colour = packed
    fax_id = UUID(bytes=base64.b85decode(str(fax)))
    accepted_at = _instant(int(accepted))
    return Link(
        fax_id,
        str(account),
        accepted_at,
        str(key) or fax_prefix(accepted_at, fax_id) + DOCUMENT,
        _instant(int(expires) * 1_000_000),
        Shown(str(direction), str(other), int(pages), str(zone), str(brand), str(colour)),
    )


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
