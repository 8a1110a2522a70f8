"""`nativefax holds`: what must not be deleted, by the portal's API; and what was held before the portal kept holds."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.table import Table

from schemas.retention import HoldChanged
from services._runtime.hold_table import HoldTable, is_scope
from services._runtime.records import Record
from services._runtime.running import running
from services._runtime.settings import KafkaSettings
from services.cli.errors import Refused
from services.cli.portal import Portal, RefusedByPortal
from services.cli.stray_holds import EXAMPLE, lift_stray, strays
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.portal.api import told

app = typer.Typer(help="Holds: faxes that stay however old they are.", no_args_is_help=True)

Scope = Annotated[str, typer.Argument(help="fax:<id>, account:<id> or domain:<name>", metavar="SCOPE")]
Reason = Annotated[str, typer.Option(help="why, for whoever asks later")]
By = Annotated[str | None, typer.Option(help="who decided; whose NATIVEFAX_PORTAL_TOKEN it is, if not given")]

PORTAL: Final = b"nativefax/portal"
"""The `ce_source` of what the portal publishes."""


@app.command(
    "set",
    epilog="Examples:\n\n"
    'nativefax holds set fax:7c9e6679-7425-50de-944b-e07fc1f90ae7 --reason "Case 2026-114"\n\n'
    'nativefax holds set domain:clinic.example --reason "Audit"\n\n'
    "A fax on hold stays where it is until it would be deleted; then it is moved below held/.",
)
def set_hold(scope: Scope, reason: Reason, by: By = None) -> None:
    """Keep a fax, or all faxes of an account or a domain."""
    _check(scope, reason)
    adopt(ROOT)
    try:
        Portal.named().post(told.Hold, "holds", scope=scope, reason=reason, by=by or "")
    except RefusedByPortal as refused:
        raise _explained(refused, scope) from refused
    console().print(f"{scope} is on hold. Once it is in force, a minute later, nothing of it is deleted.")


@app.command(epilog='Example:\n\nnativefax holds lift domain:clinic.example --reason "Audit is over"')
def lift(scope: Scope, reason: Reason, by: By = None) -> None:
    """Let what was kept go its way again: it comes back at the next sweep and, if it is due, goes at the one after."""
    _check(scope, reason)
    adopt(ROOT)
    portal = Portal.named()
    listed = scope in {one.scope for one in _listed(portal)}
    if not listed and scope not in {one.scope for one in _unlisted()}:
        raise Refused(f"There is no hold on {scope}. `nativefax holds list` shows those that are set.")
    try:
        portal.post(told.Hold, "holds", "lift", scope=scope, reason=reason, by=by or "", unlisted=not listed)
    except RefusedByPortal as refused:
        raise _explained(refused, scope) from refused
    console().print(f"The hold on {scope} is lifted.")


@app.command("list")
def list_all() -> None:
    """List the holds that are set; of those that were set before the portal kept holds, it says so."""
    adopt(ROOT)
    listed, unlisted = _listed(Portal.named()), _unlisted()
    if not listed and not unlisted:
        console().print("There are no holds.")
        return
    table = Table("Scope", "Reason", "By", "Since", "In force", "In the portal", box=None)
    for one in listed:
        table.add_row(*_row(one), "yes" if one.in_force else "not yet", "yes")
    known = {one.scope for one in listed}
    for other in unlisted:
        if other.scope not in known:
            table.add_row(*_row(other), "yes", "no")
    console().print(table)


app.command()(strays)
app.command("lift-stray", epilog=EXAMPLE)(lift_stray)


def _row(one: told.Hold | HoldChanged) -> tuple[str, ...]:
    return one.scope, one.reason, one.by, f"{one.at:%Y-%m-%d %H:%M}"


def _check(scope: str, reason: str) -> None:
    if not is_scope(scope):
        raise Refused(f"{scope!r} is no scope; write fax:<id>, account:<id> or domain:<name>.")
    if not reason.strip():
        raise Refused("Give a reason; somebody will ask.")


def _explained(refused: RefusedByPortal, scope: str) -> Refused:
    if refused.status != 404:  # noqa: PLR2004 - the status says it
        return refused
    return Refused(
        f"The portal knows no {scope} of whoever NATIVEFAX_PORTAL_TOKEN is. Check it, and whose token it is. "
        "`nativefax holds strays` lists holds of what the portal doesn't know at all."
    )


def _listed(portal: Portal) -> Sequence[told.Hold]:
    return portal.get(told.Holds, "holds").holds


class Unlisted(HoldTable):
    """The holds that others than the portal wrote: they stay in force, and only the topic knows them."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(settings)
        self._portals: set[bytes | None] = set()

    def take(self, record: Record) -> None:
        """See `CompactedTable`."""
        super().take(record)
        by_portal = dict(record.headers).get("ce_source") == PORTAL
        (self._portals.add if by_portal else self._portals.discard)(record.key)

    @property
    def held(self) -> Sequence[HoldChanged]:
        """See `Holds`."""
        return tuple(one for one in super().held if one.scope.encode() not in self._portals)


def _unlisted() -> Sequence[HoldChanged]:
    return asyncio.run(_read())


async def _read() -> Sequence[HoldChanged]:
    async with running(Unlisted(KafkaSettings())) as table:
        return table.held
