"""`nativefax accounts token|revoke|enrol`: secrets that are shown once."""

from typing import Annotated, Literal

import typer

from services.cli.errors import Refused
from services.cli.portal import Portal, RefusedByPortal
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.portal.api import told

EXAMPLES = (
    "Examples:\n\nnativefax accounts token +12025550100 --name clinic-ehr\n\n"
    "nativefax accounts token +12025550100 --name archive --scope faxes:read --days 90"
)
ENROLLING = "Example:\n\nnativefax accounts enrol +12025550102"

Number = Annotated[str, typer.Argument(help="the fax number, as +12025550100", metavar="NUMBER")]
Scope = Literal["faxes:read", "faxes:send"]


def token(
    number: Number,
    name: Annotated[str, typer.Option(help="what it is for; letters, digits, dots and hyphens")],
    scope: Annotated[list[str] | None, typer.Option(help="faxes:read, faxes:send; both if not given")] = None,
    days: Annotated[int, typer.Option(help="days it works", min=1, max=3650)] = 365,
) -> None:
    """Make a token of the HTTP API, and show it once. One of the same name is replaced."""
    adopt(ROOT)
    portal = Portal.named()
    wanted = {"name": name, "scopes": scope or ["faxes:read", "faxes:send"], "days": days}
    made = portal.post(told.SavedAccount, "accounts", portal.account(number).account_id, "tokens", **wanted)
    console().print("Keep this token; it is not shown again:")
    show_secret(made.secret)


def revoke(
    number: Number, name: Annotated[str, typer.Option(help="the token's name, as `accounts show` tells it")]
) -> None:
    """Revoke a token of the HTTP API."""
    adopt(ROOT)
    portal = Portal.named()
    account = portal.account(number)
    try:
        portal.delete("accounts", account.account_id, "tokens", name)
    except RefusedByPortal as refused:
        if "token-unknown" not in refused.codes:
            raise
        has = ", ".join(one.name for one in account.tokens) or "none"
        raise Refused(f"{number} has no token {name!r}. It has: {has}.") from refused
    console().print(f"{name} is revoked: it stops working within seconds.")


def enrol(number: Number, days: Annotated[int, typer.Option(help="days the code works", min=1, max=30)] = 7) -> None:
    """Make a one-time code with which the account's ATA enrols, and show it once. Its old secret ends."""
    adopt(ROOT)
    portal = Portal.named()
    account = portal.account(number)
    if account.ata is None:
        raise Refused(f"{number} has no ATA. Add one with `nativefax accounts change … --method ata --ata-serial …`.")
    made = portal.post(told.SavedAccount, "accounts", account.account_id, "enrolment-code", days=days)
    show_code(account.ata.serial, days, made.secret)


def show_code(serial: str, days: int, secret: told.Secret | None) -> None:
    """An enrolment code, this once."""
    console().print(f"Device {serial} enrols with this code within {days} days; it is not shown again:")
    show_secret(secret)


def show_secret(secret: told.Secret | None) -> None:
    """A secret, on a line of its own."""
    if secret is not None:
        console().print(f"\n  [bold]{secret.text}[/bold]\n", highlight=False, soft_wrap=True)
