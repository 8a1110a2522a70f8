"""`nativefax accounts token|revoke|enrol`: secrets that are shown once, and of which only hashes are published."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from schemas.accounts import ApiToken
from services._runtime.enrolment import mint_code
from services._runtime.tokens import Minted, mint
from services.cli.account_records import account_of, change
from services.cli.errors import Refused
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console

EXAMPLES = (
    "Examples:\n\nnativefax accounts token +15550100 --name clinic-ehr\n\n"
    "nativefax accounts token +15550100 --name archive --scope faxes:read --days 90"
)
ENROLLING = "Example:\n\nnativefax accounts enrol +15550102"

Number = Annotated[str, typer.Argument(help="the fax number, as +15550100", metavar="NUMBER")]
Scope = Literal["faxes:read", "faxes:send"]


def token(
    number: Number,
    name: Annotated[str, typer.Option(help="what it is for; letters, digits, dots and hyphens")],
    scope: Annotated[list[str] | None, typer.Option(help="faxes:read, faxes:send; both if not given")] = None,
    days: Annotated[int, typer.Option(help="days it works", min=1, max=3650)] = 365,
) -> None:
    """Make a token of the HTTP API, and show it once. One of the same name is replaced."""
    scopes = tuple(scope or ("faxes:read", "faxes:send"))
    try:
        minted = mint(name)
        expires_at = datetime.now(UTC) + timedelta(days=days)
        made = ApiToken.model_validate(
            {"token_id": name, "sha256": minted.sha256, "scopes": scopes, "expires_at": expires_at}
        )
    except ValueError as error:
        raise Refused(f"No token was made: {error}.") from error
    adopt(ROOT)
    asyncio.run(_add(number, made))
    _show(minted)


def revoke(
    number: Number, name: Annotated[str, typer.Option(help="the token's name, as `accounts show` tells it")]
) -> None:
    """Revoke a token of the HTTP API."""
    adopt(ROOT)
    asyncio.run(_revoke(number, name))
    console().print(f"{name} is revoked: it stops working within seconds.")


def enrol(number: Number, days: Annotated[int, typer.Option(help="days the code works", min=1, max=30)] = 7) -> None:
    """Make a one-time code with which the account's ATA enrols, and show it once. Its old secret ends."""
    code = mint_code()
    adopt(ROOT)
    serial = asyncio.run(_enrol(number, code.sha256, days))
    console().print(f"Device {serial} enrols with this code within {days} days; it is not shown again:")
    console().print(f"\n  [bold]{code.text}[/bold]\n", highlight=False)


def _show(minted: Minted) -> None:
    console().print("Keep this token; it is not shown again:")
    console().print(f"\n  [bold]{minted.text}[/bold]\n", highlight=False, soft_wrap=True)


async def _add(number: str, made: ApiToken) -> None:
    kept = [one for one in (await account_of(number)).api_tokens if one.token_id != made.token_id]
    await change(number, api_tokens=(*kept, made))


async def _revoke(number: str, name: str) -> None:
    tokens = (await account_of(number)).api_tokens
    kept = tuple(one for one in tokens if one.token_id != name)
    if len(kept) == len(tokens):
        raise Refused(f"{number} has no token {name!r}. It has: {', '.join(one.token_id for one in tokens) or 'none'}.")
    await change(number, api_tokens=kept)


async def _enrol(number: str, code_sha256: str, days: int) -> str:
    device = (await account_of(number)).ata
    if device is None:
        raise Refused(f"{number} has no ATA. Add one with `nativefax accounts add … --method ata --ata-serial …`.")
    until = datetime.now(UTC) + timedelta(days=days)
    fresh = {"enrolment_sha256": code_sha256, "enrolment_until": until}
    await change(number, ata=device.model_copy(update=fresh))
    return device.serial
