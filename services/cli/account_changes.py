"""What `nativefax accounts add` and `change` ask of the portal, and what they say then."""

import time
from dataclasses import dataclass
from typing import Any, Final

from services.cli.account_options import Given
from services.cli.account_secrets import show_code
from services.cli.errors import Refused
from services.cli.portal import Portal, RefusedByPortal
from services.cli.terminal import console
from services.portal.api import told

LIVE_SECONDS: Final = 10.0
"""How long a command waits until an account works everywhere as it is now."""

CODE_DAYS: Final = 7


@dataclass(frozen=True)
class Wanted:
    """The primary user, if one is named, and what is given beside."""

    name: str | None
    email: str | None
    given: Given

    def fields(self, portal: Portal, domain: str) -> dict[str, Any]:
        """The fields of a request that are given; the user with an extension is made if they aren't there."""
        given = {
            "primary_user": self._user(portal, domain),
            "methods": self.given.method,
            "handling": self.given.handling,
            "ata": self._ata(),
            "settings": {name: value for name, value in self.given.settings.items() if value is not None} or None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _ata(self) -> dict[str, str] | None:
        device_type, serial = self.given.ata_type, self.given.ata_serial
        if device_type is None and serial is None:
            return None
        return {"device_type": device_type or "", "serial": serial or ""}

    def _user(self, portal: Portal, domain: str) -> dict[str, str] | None:
        extension = self.given.extension
        if extension is None:
            given = {"name": self.name, "email": self.email}
            return {name: value for name, value in given.items() if value} or None
        known = portal.get(told.Users, "domains", domain, "users", query=extension).users
        found = next((one for one in known if one.extension == extension), None)
        if found is None:
            fields = {"name": self.name or "", "email": self.email or "", "extension": extension}
            found = portal.post(told.User, "domains", domain, "users", **fields)
        elif self.email and found.email.casefold() != self.email.casefold():
            raise Refused(f"The extension {extension} is {found.name}'s, whose email is {found.email}.")
        return {"user_id": found.user_id}


def ensure_domain(portal: Portal, domain: str, region: str) -> None:
    """Make a domain that isn't there; it may have any number of fax numbers."""
    if all(one.name != domain for one in portal.get(told.Domains, "domains").domains):
        portal.post(told.Domain, "domains", name=domain, maximum=None, region=region)
        console().print(f"{domain} is a domain now.")


def added(portal: Portal, fields: dict[str, Any]) -> told.SavedAccount:
    """The new account; a number that isn't in the domain is put into it first, if it is nobody's."""
    try:
        return portal.post(told.SavedAccount, "accounts", **fields)
    except RefusedByPortal as refused:
        if refused.codes != {"number-unknown"}:
            raise _with_types(portal, refused) from refused
    portal.post(told.Added, "domains", fields["domain"], "numbers", numbers=[fields["fax_number"]])
    return portal.post(told.SavedAccount, "accounts", **fields)


def changed(portal: Portal, account: told.Account, wanted: Wanted) -> told.SavedAccount:
    """The account after a change of what is wanted."""
    fields = wanted.fields(portal, account.domain)
    try:
        return portal.patch(told.SavedAccount, "accounts", account.account_id, version=account.version, **fields)
    except RefusedByPortal as refused:
        raise _with_types(portal, refused) from refused


def _with_types(portal: Portal, refused: RefusedByPortal) -> RefusedByPortal:
    """The refusal; one of a device type tells which there are."""
    if not refused.codes & {"device-type-unknown", "device-type-missing"}:
        return refused
    types = ", ".join(portal.get(told.DeviceTypes, "device-types").device_types) or "none yet"
    return RefusedByPortal(refused.status, f"{refused} The list: {types}.", refused.codes)


def tell(portal: Portal, saved: told.SavedAccount, what: str) -> None:
    """Say what was done, and wait until it is live."""
    account, began = saved.account, time.monotonic()
    deadline = began + LIVE_SECONDS
    live = account.live == "live"
    while not live and time.monotonic() < deadline:
        time.sleep(0.1)
        live = portal.get(told.Account, "accounts", account.account_id).live == "live"
    waits = "It isn't live yet: `nativefax accounts show` tells when every stage knows it."
    about = f"({account.account_id}, version {account.version})"
    console().print(f"{account.fax_number} {what} {about}. {'It is live.' if live else waits}")
    if saved.secret is not None and account.ata is not None:
        show_code(account.ata.serial, CODE_DAYS, saved.secret)
