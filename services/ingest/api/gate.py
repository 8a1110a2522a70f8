"""Who asks: a bearer token (RFC 6750), what it may do, and for which account."""

import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from schemas.accounts import FaxAccount
from services._runtime.account_table import Property
from services._runtime.claims import utc_now
from services._runtime.rates import Buckets
from services._runtime.tokens import digest, is_token
from services.ingest.api.problems import Code, Refused
from services.ingest.api.settings import ApiSettings, Scope, ServiceToken

log = logging.getLogger(__name__)

REALM = "faxes"
KNOWN = 10_000
"""Tokens that are remembered for having been good."""


class Accounts(Protocol):
    """The active accounts; raises `DependencyAway` when they can't be known."""

    async def find(self, by: Property, value: str) -> tuple[FaxAccount, ...]:
        """Those with a property, by number."""


@dataclass(frozen=True)
class Caller:
    """Whoever holds a good token.

    Attributes:
        name: The token's id, or a service's name.
        account: Whose token it is; None for a service, which names the account.
    """

    name: str
    scopes: frozenset[str]
    account: FaxAccount | None


@dataclass(frozen=True)
class Gate:
    """Lets requests in. A peer with many wrong tokens is not looked up any more, unless its token was good before."""

    accounts: Accounts
    services: Sequence[ServiceToken]
    requests: Buckets
    failures: Buckets
    documents: tuple[Buckets, ...] = ()
    now: Callable[[], datetime] = utc_now
    _good: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _told: Buckets = field(default_factory=lambda: Buckets(per_second=1 / 3600, burst=1))

    @classmethod
    def of(cls, accounts: Accounts, settings: ApiSettings, now: Callable[[], datetime] = utc_now) -> "Gate":
        """As the settings say."""
        requests = Buckets(settings.requests_per_second, settings.requests_burst)
        failures = Buckets(settings.failures_per_minute / 60, settings.failures_burst)
        hour, day = settings.documents_per_hour, settings.documents_per_day
        documents = (Buckets(hour / 3600, hour), Buckets(day / 86_400, day))
        return cls(accounts, settings.service_tokens, requests, failures, documents, now)

    async def admit(self, authorization: Sequence[str], peer: str, scope: Scope) -> Caller:
        """The caller behind the Authorization headers of a request from `peer`.

        Raises:
            Refused: There is no good token, it may not do this, or it asks too often.
            DependencyAway: The accounts can't be known.
        """
        text = _bearer(authorization)
        sha256 = digest(text)
        if sha256 not in self._good and (seconds := self.failures.wait(peer)):
            raise Refused("too-many-failures", headers={"Retry-After": str(seconds)})
        try:
            caller = await self._caller(text, sha256)
        except Refused:
            self._good.pop(sha256, None)
            self.failures.take(peer)
            raise
        self._remember(sha256)
        if seconds := self.requests.take(sha256):
            raise Refused("too-many-requests", headers={"Retry-After": str(seconds)})
        if scope not in caller.scopes:
            raise Refused("scope-missing", f"The token lacks the scope {scope}.", headers=_challenge(scope=scope))
        return caller

    async def account(self, caller: Caller, account_id: str | None) -> FaxAccount:
        """The account that a request is about.

        Raises:
            Refused: A service named none or an unknown one; a token named another account than its own.
            DependencyAway: The accounts can't be known.
        """
        if caller.account is not None:
            if account_id not in {None, caller.account.account_id}:
                raise Refused("not-your-account")
            return caller.account
        if account_id is None:
            raise Refused("account-needed")
        found = await self.accounts.find("account", account_id)
        if not found:
            raise Refused("no-such-account")
        return max(found, key=lambda one: one.version)

    def count_document(self, caller: Caller) -> None:
        """Count a document that is about to be read.

        Raises:
            Refused: With this token as many were read as may be.
        """
        token = f"{caller.account.account_id if caller.account else ''} {caller.name}"
        if seconds := max((one.wait(token) for one in self.documents), default=0):
            if not self._told.take(token):
                log.warning("documents held back", extra={"token": caller.name, "seconds": seconds})
            raise Refused("too-many-documents", headers={"Retry-After": str(seconds)})
        for one in self.documents:
            one.take(token)

    async def _caller(self, text: str, sha256: str) -> Caller:
        if not is_token(text):
            raise _unauthorised("token-unknown")
        for service in self.services:
            if hmac.compare_digest(service.sha256, sha256):
                self._refuse_expired(service.expires_at)
                return Caller(service.name, frozenset(service.scopes), None)
        found = await self.accounts.find("token", sha256)
        if not found or len({one.account_id for one in found}) > 1:  # of two accounts it would be nobody's
            raise _unauthorised("token-unknown")
        account = max(found, key=lambda one: one.version)
        token = next(one for one in account.api_tokens if hmac.compare_digest(one.sha256, sha256))
        self._refuse_expired(token.expires_at)
        return Caller(token.token_id, frozenset(token.scopes), account)

    def _refuse_expired(self, expires_at: datetime | None) -> None:
        if expires_at is not None and self.now() >= expires_at:
            raise _unauthorised("token-expired")

    def _remember(self, sha256: str) -> None:
        self._good[sha256] = None
        self._good.move_to_end(sha256)
        if len(self._good) > KNOWN:
            self._good.popitem(last=False)


def _bearer(authorization: Sequence[str]) -> str:
    if len(authorization) != 1 or not authorization[0].lower().startswith("bearer "):
        raise Refused("token-missing", headers={"WWW-Authenticate": f'Bearer realm="{REALM}"'})
    return authorization[0][len("bearer ") :].strip()


def _unauthorised(code: Code) -> Refused:
    return Refused(code, headers=_challenge(error="invalid_token"))


def _challenge(error: str = "insufficient_scope", scope: str = "") -> dict[str, str]:
    asked = f', scope="{scope}"' if scope else ""
    return {"WWW-Authenticate": f'Bearer realm="{REALM}", error="{error}"{asked}'}
