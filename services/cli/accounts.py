"""`nativefax accounts`: fax accounts, by the portal's API."""

import typer
from rich.table import Table

from services.cli import account_options as option
from services.cli import account_secrets
from services.cli.account_changes import Wanted, added, changed, ensure_domain, tell
from services.cli.account_secrets import Number
from services.cli.errors import Refused
from services.cli.portal import Portal, e164
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.portal.api import told

app = typer.Typer(help="Fax accounts: add, change, show, list and remove; tokens and devices.", no_args_is_help=True)
app.command("token", epilog=account_secrets.EXAMPLES)(account_secrets.token)
app.command("revoke")(account_secrets.revoke)
app.command("enrol", epilog=account_secrets.ENROLLING)(account_secrets.enrol)


@app.command(
    epilog="Examples:\n\n"
    'nativefax accounts add +12025550100 --name "Front desk" --email front.desk@clinic.example\n\n'
    "nativefax accounts add +12025550101 --name Records --email records@clinic.example "
    "--handling email-without-attachment\n\n"
    "nativefax accounts add +12025550102 --name Archive --email archive@clinic.example --handling portal "
    "--method portal --method ata --ata-type 'Grandstream HT801' --ata-serial 20ABCD\n\n"
    "The reseller is whose NATIVEFAX_PORTAL_TOKEN it is; here, the first one. The domain, and the number in it, are "
    "made if they aren't there."
)
@option.with_given
def add(
    number: Number,
    name: option.Name,
    email: option.Email,
    given: option.Given,
    domain: option.Domain = "clinic.example",
) -> None:
    """Add a fax account, or change the one that has the number; then wait until it is live."""
    wanted = Wanted(name, email, given)
    adopt(ROOT)
    portal = Portal.named()
    known = portal.active(number)
    if known is not None:
        tell(portal, changed(portal, known, wanted), "is changed")
        return
    ensure_domain(portal, domain, given.region or "US")
    fields = {"domain": domain, "fax_number": e164(number), **wanted.fields(portal, domain)}
    tell(portal, added(portal, fields), "is a fax account now")


@app.command(
    epilog="Examples:\n\nnativefax accounts change +12025550100 --handling portal\n\n"
    "nativefax accounts change +12025550100 --time-zone America/New_York --notify office@clinic.example"
)
@option.with_given
def change(number: Number, given: option.Given, name: option.NewName = None, email: option.NewEmail = None) -> None:
    """Change what is given of an account, and leave the rest; then wait until that is live."""
    adopt(ROOT)
    portal = Portal.named()
    tell(portal, changed(portal, portal.account(number), Wanted(name, email, given)), "is changed")


@app.command()
def show(number: Number) -> None:
    """Show an account as JSON: the active one, else the one that had the number last."""
    adopt(ROOT)
    found = Portal.named().accounts_with(number)
    if not found:
        raise Refused(f"{number} is no fax account. `nativefax accounts list` shows those that are.")
    newest = next((one for one in found if one.state == "active"), found[-1])
    console().print_json(newest.model_dump_json(exclude_none=True))


@app.command("list")
def list_all() -> None:
    """List all accounts."""
    adopt(ROOT)
    portal = Portal.named()
    table = Table("Number", "Domain", "User", "Methods", "Inbound handling", "State", box=None)
    for domain in portal.get(told.Domains, "domains").domains:
        for removed in (False, True):
            for one in portal.every_account(domain.name, removed=removed):
                table.add_row(*_row(one))
    if not table.row_count:
        console().print("No fax accounts yet. `nativefax accounts add --help` shows how to add one.")
        return
    console().print(table)


@app.command()
def remove(number: Number) -> None:
    """Remove an account; its number is kept from other customers for 30 days, its faxes stay its own."""
    adopt(ROOT)
    portal = Portal.named()
    account = portal.account(number)
    portal.delete("accounts", account.account_id, version=account.version)
    console().print(f"{number} is no fax account any more. Faxes to it are kept as unclaimed.")


def _row(one: told.Account) -> tuple[str, ...]:
    if one.state == "removed":
        until = f"{one.quarantined_until:%Y-%m-%d}" if one.quarantined_until else ""
        return one.fax_number, one.domain, "", "", "", f"removed, kept until {until}"
    user = one.primary_user.name if one.primary_user else ""
    return one.fax_number, one.domain, user, ", ".join(one.methods), one.handling, one.live
