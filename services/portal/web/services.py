"""What the pages are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response

from services._runtime.languages import Languages
from services._runtime.rates import Buckets
from services.portal.faxes.faxes import Faxes
from services.portal.faxes.pictures import WAITING
from services.portal.faxes.reading import ReadingLimits
from services.portal.inventory.inventory import Inventory
from services.portal.inventory.views import Account, LiveState
from services.portal.live_faxes.stream import FaxStream
from services.portal.logos.logos import Logos
from services.portal.operating.operations import Operations
from services.portal.sending.sending import Sending
from services.portal.turns import Turns
from services.portal.web.signing_in.browsers import Browsers
from services.portal.web.signing_in.people import People
from services.portal.web.signing_in.sessions import Sessions
from services.portal.web.signing_in.throttle import Throttle
from services.portal.web.signing_in.tokens import Tokens

THUMBNAILS: Final = 5000
"""Of one person in an hour, by one process: a hundred pages of a list. They show little, so nobody writes them down."""


@dataclass(frozen=True)
class Cookies:
    """The cookies. Secure ones have a name that only this host over TLS can set (RFC 6265bis, 4.1.3.2)."""

    secure: bool

    @property
    def session(self) -> str:
        """Who is signed in."""
        return "__Host-portal" if self.secure else "portal"

    @property
    def form(self) -> str:
        """Which browser a form belongs to while nobody is signed in."""
        return "__Host-portal-form" if self.secure else "portal-form"

    @property
    def browser(self) -> str:
        """Who was signed in here before: see browsers.py."""
        return "__Host-portal-known" if self.secure else "portal-known"

    def set(self, response: Response, name: str, value: str, lasting: timedelta | None = None) -> None:
        """Until the browser ends, if not `lasting` longer; the database says when a session ends."""
        age = int(lasting.total_seconds()) if lasting else None
        response.set_cookie(name, value, age, secure=self.secure, httponly=True, samesite="lax", path="/")

    def drop(self, response: Response, name: str) -> None:
        """Take it back."""
        response.delete_cookie(name, secure=self.secure, httponly=True, samesite="lax", path="/")


@dataclass(frozen=True)
class Services:
    """What pages ask.

    `live` tells whether every table has an account as it is now; `faxes` is None where no history is named. Forms with
    large files are held in memory, so `large_forms` lets few in at a time. One process draws pages; `drawings` lets
    nobody fill its queue. `reading` says how many documents one person may open.
    """

    engine: AsyncEngine
    inventory: Inventory
    people: People
    sessions: Sessions
    throttle: Throttle
    tokens: Tokens
    cookies: Cookies
    live: Callable[[Account], LiveState]
    faxes: Faxes | None = None
    browsers: Browsers = field(default_factory=Browsers)
    fax_stream: FaxStream | None = None
    sending: Sending | None = None
    logos: Logos | None = None
    operations: Operations | None = None
    languages: Languages = field(default_factory=Languages)
    large_forms: Turns = field(default_factory=lambda: Turns(at_once=8, of_one=2))
    reading: ReadingLimits = field(default_factory=ReadingLimits)
    thumbnails: Buckets = field(default_factory=lambda: Buckets(THUMBNAILS / 3600, THUMBNAILS))
    drawings: Turns = field(default_factory=lambda: Turns(at_once=WAITING, of_one=20))

    def states(self, accounts: Sequence[Account]) -> dict[str, LiveState]:
        """Account id → whether it is live."""
        return {one.account_id: self.live(one) for one in accounts}
