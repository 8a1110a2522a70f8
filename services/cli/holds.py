"""`nativefax holds`: what must not be deleted, until the Manager Portal sets holds."""

import asyncio
import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from schemas.retention import HoldChanged
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.cli.errors import Refused
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.retention.domain import is_scope
from services.retention.holds import HoldTable

app = typer.Typer(help="Holds: faxes that stay however old they are.", no_args_is_help=True)

Scope = Annotated[str, typer.Argument(help="fax:<id>, account:<id> or domain:<name>", metavar="SCOPE")]
Reason = Annotated[str, typer.Option(help="why, for whoever asks later")]
By = Annotated[str | None, typer.Option(help="who decided; you, if not given")]


@app.command(
    "set",
    epilog="Examples:\n\n"
    'nativefax holds set fax:7c9e6679-7425-50de-944b-e07fc1f90ae7 --reason "Case 2026-114"\n\n'
    'nativefax holds set domain:clinic.example --reason "Audit"\n\n'
    "A fax on hold stays where it is until it would be deleted; then it is moved below held/.",
)
def set_hold(scope: Scope, reason: Reason, by: By = None) -> None:
    """Keep a fax, or all faxes of an account or a domain."""
    _change(scope, reason, by, held=True)
    console().print(f"{scope} is on hold: from now on, nothing of it is deleted.")


@app.command(epilog='Example:\n\nnativefax holds lift domain:clinic.example --reason "Audit is over"')
def lift(scope: Scope, reason: Reason, by: By = None) -> None:
    """Let what was kept go its way again: it comes back at the next sweep and, if it is due, goes at the one after."""
    if scope not in {one.scope for one in _holds()}:
        raise Refused(f"There is no hold on {scope}. `nativefax holds list` shows those that are set.")
    _change(scope, reason, by, held=False)
    console().print(f"The hold on {scope} is lifted.")


@app.command("list")
def list_all() -> None:
    """List the holds that are set."""
    holds = _holds()
    if not holds:
        console().print("There are no holds.")
        return
    table = Table("Scope", "Reason", "By", "Since", box=None)
    for one in holds:
        table.add_row(one.scope, one.reason, one.by, f"{one.at:%Y-%m-%d %H:%M}")
    console().print(table)


def _change(scope: str, reason: str, by: str | None, *, held: bool) -> None:
    if not is_scope(scope):
        raise Refused(f"{scope!r} is no scope; write fax:<id>, account:<id> or domain:<name>.")
    if not reason.strip():
        raise Refused("Give a reason; somebody will ask.")
    adopt(ROOT)
    change = HoldChanged(scope=scope, held=held, reason=reason, by=by or getpass.getuser(), at=datetime.now(UTC))
    asyncio.run(_publish(change))


async def _publish(change: HoldChanged) -> None:
    publisher = Publisher(KafkaSettings(), source="cli", confirm_seconds=20)
    await publisher.start()
    try:
        await publisher.publish_events([change])
    finally:
        await publisher.stop()


def _holds() -> tuple[HoldChanged, ...]:
    adopt(ROOT)
    return asyncio.run(_read())


async def _read() -> tuple[HoldChanged, ...]:
    table = HoldTable(KafkaSettings())
    await table.start()
    try:
        return tuple(table.held)
    finally:
        await table.stop()
