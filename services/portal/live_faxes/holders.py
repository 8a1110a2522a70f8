"""Whose an account is, learned from the rows of its faxes: later stages tell the account alone."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from services._runtime.history import FaxRow
from services.portal.live_faxes.audience import Key, keys_of

ACCOUNTS: Final = 10_000
"""That are remembered. An account never changes hands, so nothing is ever wrong, only forgotten."""


class Holders:
    """Remembers the domain and the reseller of accounts."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str | None, str]] = OrderedDict()

    def learn(self, row: FaxRow) -> None:
        """What a row says."""
        if row.account_id is not None and row.reseller is not None:
            self._known[row.account_id] = (row.domain, row.reseller)
            if len(self._known) > ACCOUNTS:
                self._known.popitem(last=False)

    def keys(self, account_id: str | None, domain: str | None = None, reseller: str | None = None) -> Sequence[Key]:
        """Under which a fax is listened for that says so much of itself; empty if that isn't enough to know."""
        if reseller is None:
            domain, reseller = self._known.get(account_id or "", (None, None))
        return tuple(keys_of(account_id, domain, reseller)) if reseller is not None else ()
