"""Secrets of an account, shown once: its ATA's enrolment code, and the tokens of the HTTP API."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from schemas.accounts import ApiToken
from services._runtime.tokens import mint
from services.portal.inventory import making, rows
from services.portal.inventory.accounts import Accounts, write_changed
from services.portal.inventory.actors import Actor
from services.portal.inventory.domain import DeviceFields
from services.portal.inventory.refusals import Refused, refused
from services.portal.inventory.store import Change
from services.portal.inventory.tables import ACCOUNTS
from services.portal.inventory.views import Account, Saved, Secret

MOST_CODES: Final = 200
"""Enrolment codes that are made and shown at once."""

MOST_TOKENS: Final = 20
"""As many as a record may have (schemas.accounts)."""

Renew = Callable[[Account, datetime], "Saved | Refused"]


@dataclass(frozen=True)
class Secrets:
    """Makes and ends them. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    accounts: Accounts

    async def new_code(self, actor: Actor, account_id: str, days: int = making.CODE_DAYS) -> Saved | Refused:
        """A new enrolment code for the account's ATA. The device's old secret ends."""

        def renew(account: Account, now: datetime) -> Saved | Refused:
            if account.device is None:
                return refused("no-device")
            fields = DeviceFields(account.device.device_type, account.device.serial)
            device, secret = making.fresh_code(fields, now, days)
            return Saved(replace(account, device=device), secret)

        return await self._renewed(actor, account_id, "device.code", renew)

    async def new_codes(self, actor: Actor, domain: str, account_ids: Sequence[str]) -> tuple[Saved, ...]:
        """New enrolment codes for the adapters of some accounts of a domain, at most `MOST_CODES`; others have none."""
        actor.must("make-secrets")
        chosen = (ACCOUNTS.c.account_id.in_(account_ids[:MOST_CODES]), ACCOUNTS.c.state == "active")

        async def work(change: Change) -> tuple[Saved, ...]:
            await change.lock(domain)
            made = []
            for before in await rows.accounts(change.connection, ACCOUNTS.c.domain == domain, *chosen):
                if before.device is None:
                    continue
                fields = DeviceFields(before.device.device_type, before.device.serial)
                device, secret = making.fresh_code(fields, change.at)
                after = making.next_version(replace(before, device=device), change.at)
                await write_changed(change, before, after, "device.code")
                made.append(Saved(after, secret))
            return tuple(made)

        return await self.accounts.store.change(actor, work)

    async def lock_out(self, actor: Actor, account_id: str) -> Saved | Refused:
        """End the secret of the account's ATA, and its enrolment code: it works again with a new code only."""

        def renew(account: Account, now: datetime) -> Saved | Refused:
            if account.device is None:
                return refused("no-device")
            fields = DeviceFields(account.device.device_type, account.device.serial)
            device, _ = making.fresh_code(fields, now)  # another hash ends the old secret; nobody learns this code
            return Saved(replace(account, device=replace(device, enrolment_until=now)))

        return await self._renewed(actor, account_id, "device.locked-out", renew)

    async def new_token(
        self, actor: Actor, account_id: str, name: str, scopes: Sequence[str], days: int = 365
    ) -> Saved | Refused:
        """A token of the HTTP API. One of the same name is replaced."""

        def renew(account: Account, now: datetime) -> Saved | Refused:
            kept = tuple(one for one in account.tokens if one.token_id != name)
            if len(kept) >= MOST_TOKENS:
                return refused("too-many-tokens")
            try:
                minted, until = mint(name), now + timedelta(days=days)
                fields = {"token_id": name, "sha256": minted.sha256, "scopes": tuple(scopes), "expires_at": until}
                token = ApiToken.model_validate(fields)
            except (ValueError, ValidationError, OverflowError):
                return refused("token-invalid")
            return Saved(replace(account, tokens=(*kept, token)), Secret(minted.text, until))

        return await self._renewed(actor, account_id, "token.made", renew)

    async def revoke_token(self, actor: Actor, account_id: str, name: str) -> Saved | Refused:
        """End a token."""

        def renew(account: Account, _now: datetime) -> Saved | Refused:
            kept = tuple(one for one in account.tokens if one.token_id != name)
            return refused("token-unknown") if kept == account.tokens else Saved(replace(account, tokens=kept))

        return await self._renewed(actor, account_id, "token.revoked", renew)

    async def _renewed(self, actor: Actor, account_id: str, what: str, renew: Renew) -> Saved | Refused:
        actor.must("make-secrets")

        async def work(change: Change, before: Account, _domain: object) -> Saved | Refused:
            if before.state != "active":
                return refused("account-removed")
            renewed = renew(before, change.at)
            if isinstance(renewed, Refused):
                return renewed
            after = making.next_version(renewed.account, change.at)
            await write_changed(change, before, after, what)
            return Saved(after, renewed.secret)

        return await self.accounts.on_one(actor, account_id, work)
