"""`nativefax accounts`: fax accounts on the compacted topic, until the Manager Portal writes them."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer
from pydantic import ValidationError
from rich.table import Table

from schemas.accounts import AtaDevice, Brand, FaxAccount, User
from services.cli import account_secrets
from services.cli.account_records import put, records, take_away
from services.cli.errors import Refused
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console

app = typer.Typer(help="Fax accounts: add, show, list and remove; tokens and devices.", no_args_is_help=True)
app.command("token", epilog=account_secrets.EXAMPLES)(account_secrets.token)
app.command("revoke")(account_secrets.revoke)
app.command("enrol", epilog=account_secrets.ENROLLING)(account_secrets.enrol)

Number = Annotated[str, typer.Argument(help="the fax number, as +15550100", metavar="NUMBER")]


@app.command(
    epilog="Examples:\n\n"
    'nativefax accounts add +15550100 --name "Front desk" --email front.desk@clinic.example\n\n'
    "nativefax accounts add +15550101 --name Records --email records@clinic.example "
    "--handling email-without-attachment\n\n"
    "nativefax accounts add +15550102 --name Archive --email archive@clinic.example --handling portal "
    "--method portal --method ata --ata-type 'Grandstream HT801' --ata-serial 20ABCD"
)
def add(  # noqa: PLR0913, PLR0917 - a command's options are its arguments
    number: Number,
    name: Annotated[str, typer.Option(help="the primary user's name")],
    email: Annotated[str, typer.Option(help="the primary user's email address")],
    handling: Annotated[
        str, typer.Option(help="inbound fax handling: email-with-attachment, email-without-attachment or portal")
    ] = "email-with-attachment",
    method: Annotated[list[str] | None, typer.Option(help="email, portal or ata; may be given more than once")] = None,
    extension: Annotated[str | None, typer.Option(help="the primary user's extension")] = None,
    domain: Annotated[str, typer.Option(help="the customer's domain")] = "clinic.example",
    reseller: Annotated[str, typer.Option(help="the reseller")] = "reseller",
    brand_name: Annotated[str, typer.Option(help="the name customers see")] = "Your Fax Service",
    brand_colour: Annotated[str, typer.Option(help="#rrggbb")] = "#1f5fa8",
    brand_from: Annotated[str, typer.Option(help="the From address of its mails")] = "fax@reseller.example",
    portal_host: Annotated[str, typer.Option(help="the host of its portal")] = "portal.reseller.example",
    support: Annotated[str, typer.Option(help="how its customers reach support")] = "",
    notify: Annotated[list[str] | None, typer.Option(help="further recipients")] = None,
    allow_sender: Annotated[list[str] | None, typer.Option(help="addresses that may submit faxes by email")] = None,
    block: Annotated[list[str] | None, typer.Option(help="callers whose faxes go to junk")] = None,
    region: Annotated[str, typer.Option(help="country in which numbers without a country code are read")] = "US",
    header: Annotated[str, typer.Option(help="on top of each page sent; else the user's name")] = "",
    cover_page: Annotated[bool, typer.Option(help="make a mail's text a cover page")] = False,
    block_destination: Annotated[
        list[str] | None, typer.Option(help="numbers, or how they begin, that it may not dial; as +1900")
    ] = None,
    premium: Annotated[bool, typer.Option(help="premium-rate numbers may be dialled")] = False,
    ata_type: Annotated[str | None, typer.Option(help="the ATA's type")] = None,
    ata_serial: Annotated[str | None, typer.Option(help="the ATA's serial number")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA name, as America/New_York")] = "UTC",
    retention_days: Annotated[int, typer.Option(help="30 to 365")] = 365,
) -> None:
    """Add a fax account, or change the one that has the number."""
    ata = AtaDevice(device_type=ata_type, serial=ata_serial) if ata_type and ata_serial else None
    try:
        wanted = FaxAccount.model_validate(
            {
                "account_id": str(uuid4()),
                "version": 1,
                "fax_number": number,
                "reseller": reseller,
                "domain": domain,
                "brand": Brand(
                    name=brand_name,
                    colour=brand_colour,
                    from_address=brand_from,
                    portal_host=portal_host,
                    support=support,
                ),
                "primary_user": User(extension=extension, name=name, email=email),
                "methods": tuple(method or ["email", "portal"]),
                "handling": handling,
                "ata": ata,
                "notify": tuple(notify or ()),
                "allowed_senders": tuple(allow_sender or ()),
                "blocked_callers": tuple(block or ()),
                "region": region,
                "header_text": header,
                "cover_page": cover_page,
                "blocked_destinations": tuple(block_destination or ()),
                "premium_destinations": premium,
                "time_zone": time_zone,
                "retention_days": retention_days,
                "changed_at": datetime.now(UTC),
            }
        )
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'account'}: {one['msg']}" for one in error.errors())
        raise Refused(f"The account was not added. {problems}.") from error
    adopt(ROOT)
    published = asyncio.run(put(wanted))
    console().print(f"{number} is a fax account now ({published.account_id}, version {published.version}).")


@app.command()
def show(number: Number) -> None:
    """Show an account as JSON."""
    adopt(ROOT)
    found = next((one for one in asyncio.run(records()) if one.fax_number == number), None)
    if found is None:
        raise Refused(f"{number} is no fax account. `nativefax accounts list` shows those that are.")
    console().print_json(found.model_dump_json(exclude_none=True))


@app.command("list")
def list_all() -> None:
    """List all accounts."""
    adopt(ROOT)
    known = asyncio.run(records())
    if not known:
        console().print("No fax accounts yet. `nativefax accounts add --help` shows how to add one.")
        return
    table = Table("Number", "Domain", "User", "Methods", "Inbound handling", "State", box=None)
    for one in known:
        if isinstance(one, FaxAccount):
            table.add_row(
                one.fax_number, one.domain, one.primary_user.name, ", ".join(one.methods), one.handling, "active"
            )
        else:
            table.add_row(
                one.fax_number, one.domain, "", "", "", f"removed, kept until {one.quarantined_until:%Y-%m-%d}"
            )
    console().print(table)


@app.command()
def remove(number: Number) -> None:
    """Remove an account; its number is kept from other customers for 30 days, its faxes stay its own."""
    adopt(ROOT)
    asyncio.run(take_away(number))
    console().print(f"{number} is no fax account any more. Faxes to it are kept as unclaimed.")
