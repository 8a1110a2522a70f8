"""Fax accounts: what is behind “Add a Fax Number”."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from services.portal.api import given, told
from services.portal.api.describing import addresses
from services.portal.api.domains import Limit
from services.portal.api.doors import Caller, Office, Reseller
from services.portal.api.problems import done
from services.portal.inventory.views import Account, Saved

router = addresses("fax accounts")


@router.get("/accounts", operation_id="findAccounts")
async def find_accounts(
    caller: Office, fax_number: Annotated[str, Query(pattern=r"^\+[1-9][0-9]{6,14}$")]
) -> told.Accounts:
    """The accounts that have or had a number, oldest first; at most one is active."""
    found = await caller.inventory.lists.accounts_with(caller.actor, fax_number)
    return told.Accounts(accounts=[_told(caller, one) for one in found], more=False)


@router.get("/domains/{domain}/accounts", operation_id="listAccounts")
async def accounts(
    caller: Office, domain: str, query: str = "", after: str = "", removed: bool = False, limit: Limit = 100
) -> told.Accounts:
    """A domain's accounts, or those that were removed; by number, user's name or email, or serial number."""
    found = await caller.inventory.lists.accounts(
        caller.actor, domain, query, after=after, removed=removed, limit=limit + 1
    )
    return told.Accounts(accounts=[_told(caller, one) for one in found[:limit]], more=len(found) > limit)


@router.post("/accounts", status_code=201, operation_id="addAccount")
async def add_account(caller: Reseller, wanted: given.NewAccount) -> told.SavedAccount:
    """“Add a Fax Number”. An ATA's enrolment code is told this once."""
    return saved(caller, done(await caller.inventory.accounts.add(caller.actor, wanted.form())))


@router.get("/accounts/{account_id}", operation_id="getAccount")
async def account(caller: Office, account_id: str) -> told.Account:
    """One account, and whether it is live."""
    return _told(caller, await caller.inventory.lists.account(caller.actor, account_id))


@router.patch("/accounts/{account_id}", operation_id="changeAccount")
async def change_account(caller: Office, account_id: str, wanted: given.Change) -> told.SavedAccount:
    """What is given changes; the rest stays. Another serial number is another device, with a code of its own."""
    return saved(caller, done(await caller.inventory.accounts.change(caller.actor, wanted.form(account_id))))


@router.delete("/accounts/{account_id}", status_code=204, operation_id="removeAccount")
async def remove_account(caller: Reseller, account_id: str, version: int) -> Response:
    """Its number is free for its domain at once, and for others after 30 days; its faxes stay its own."""
    done(await caller.inventory.accounts.remove(caller.actor, account_id, version))
    return Response(status_code=204)


@router.post("/accounts/{account_id}/enrolment-code", status_code=201, operation_id="newEnrolmentCode")
async def new_code(caller: Office, account_id: str, wanted: given.NewCode) -> told.SavedAccount:
    """A one-time code with which the account's ATA enrols, told this once. The device's old secret ends."""
    made = await caller.inventory.secrets.new_code(caller.actor, account_id, wanted.days)
    return saved(caller, done(made))


@router.post("/accounts/{account_id}/tokens", status_code=201, operation_id="newAccountToken")
async def new_token(caller: Office, account_id: str, wanted: given.NewToken) -> told.SavedAccount:
    """A token of the fax API, told this once. One of the same name is replaced."""
    made = await caller.inventory.secrets.new_token(caller.actor, account_id, wanted.name, wanted.scopes, wanted.days)
    return saved(caller, done(made))


@router.delete("/accounts/{account_id}/tokens/{name}", operation_id="revokeAccountToken")
async def revoke_token(caller: Office, account_id: str, name: str) -> told.Account:
    """End a token of the fax API: it stops working within seconds."""
    made = done(await caller.inventory.secrets.revoke_token(caller.actor, account_id, name))
    return _told(caller, made.account)


def saved(caller: Caller, made: Saved) -> told.SavedAccount:
    """What was done."""
    secret = told.Secret.model_validate(made.secret) if made.secret else None
    return told.SavedAccount(account=_told(caller, made.account), secret=secret)


def _told(caller: Caller, one: Account) -> told.Account:
    return told.Account.of(one, caller.services.live(one))
