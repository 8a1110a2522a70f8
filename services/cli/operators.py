"""`nativefax operators` and `nativefax resellers`: sign-ins that are made by whoever holds the portal's database."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from services.cli.errors import Refused
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.portal.provisioning import Provisioning, Unfit, provisioning
from services.portal.web.settings import PortalSettings

T = TypeVar("T")

operators = typer.Typer(help="Operators: who runs the service, and signs in to see how it does.", no_args_is_help=True)
resellers = typer.Typer(help="Resellers: who may add domains and fax accounts.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="the email address to sign in with", metavar="EMAIL")]


@operators.command(epilog='Example:\n\nnativefax operators add ops@isp.example --name "Olu Per"')
def add(email: Email, name: Annotated[str, typer.Option(help="the operator's name")]) -> None:
    """Let an operator sign in. The password is shown once, and changed at the first sign-in."""
    password = _done(lambda one: one.add_operator(email, name))
    _show(email, password)


@operators.command("list")
def list_operators() -> None:
    """List the operators."""
    known = _done(Provisioning.operators)
    if not known:
        console().print("No operators yet. `nativefax operators add --help` shows how to add one.")
        return
    table = Table("Email", "Name", "Password", "Last seen", box=None)
    for one in known:
        seen = f"{one.seen_at:%Y-%m-%d %H:%M} UTC" if one.seen_at else "not signed in now"
        table.add_row(one.email, one.name, "their own" if one.chose_password else "the first one", seen)
    console().print(table)


@operators.command()
def remove(email: Email) -> None:
    """End an operator's sign-in; they are signed out everywhere."""
    _done(lambda one: one.remove_operator(email))
    console().print(f"{email} is no operator any more.")


@resellers.command(
    "add",
    epilog="Example:\n\nnativefax resellers add northwind --email owner@northwind.example --name 'Nora Wind'\n\n"
    "They set their brand in the portal first: every fax account carries it.",
)
def add_reseller(
    reseller: Annotated[str, typer.Argument(help="what the reseller is called here", metavar="RESELLER")],
    email: Annotated[str, typer.Option(help="of the reseller's first person")],
    name: Annotated[str, typer.Option(help="of the reseller's first person")],
) -> None:
    """Make a reseller, or another person of one, with a password that is shown once."""
    password = _done(lambda one: one.add_reseller(reseller, email, name))
    if password is None:
        raise Refused(f"{email} signs in for {reseller} already. Nothing was changed.")
    _show(email, password)


@resellers.command("list")
def list_resellers() -> None:
    """List the resellers."""
    table = Table("Reseller", "People", "Domains", box=None)
    for one in _done(Provisioning.resellers):
        table.add_row(one.name, ", ".join(one.emails), str(one.domains))
    if not table.row_count:
        console().print("No resellers yet. `nativefax resellers add --help` shows how to add one.")
        return
    console().print(table)


def _show(email: str, password: str) -> None:
    console().print(f"{email} can sign in with this password, and chooses another then; it is not shown again:")
    console().print(f"\n  [bold]{password}[/bold]\n", highlight=False)


def _done(work: Callable[[Provisioning], Awaitable[T]]) -> T:
    adopt(ROOT)
    database = PortalSettings().database
    if database is None:
        raise Refused("NATIVEFAX_PORTAL_DATABASE names no database: set it to the portal's.")
    return asyncio.run(_on(database.get_secret_value(), work))


async def _on(url: str, work: Callable[[Provisioning], Awaitable[T]]) -> T:
    try:
        async with provisioning(url, getpass.getuser()) as one:
            return await work(one)
    except Unfit as unfit:
        raise Refused(str(unfit)) from unfit
