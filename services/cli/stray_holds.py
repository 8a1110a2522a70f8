"""`nativefax holds strays` and `lift-stray`: by whoever holds the portal's database, as its operators do on a page."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, TypeVar

import typer
from rich.table import Table

from schemas.retention import HoldChanged
from services._runtime.claims import utc_now
from services._runtime.database import connect
from services._runtime.history import History
from services._runtime.hold_table import holds_now
from services._runtime.outbox import Outbox
from services._runtime.publisher import Message
from services._runtime.settings import KafkaSettings
from services.cli.errors import Refused
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.portal.faxes.settings import FaxesSettings
from services.portal.inventory.refusals import Refused as NotLifted
from services.portal.inventory.store import Store
from services.portal.inventory.tables import OUTBOX
from services.portal.operating.stray_holds import StrayHolds
from services.portal.provisioning import SHELL
from services.portal.web.settings import PortalSettings
from services.portal.web.signing_in.people import Person

T = TypeVar("T")

EXAMPLE: Final = 'Example:\n\nnativefax holds lift-stray domain:gone.example --reason "It is gone"'


def strays() -> None:
    """List the holds of what the portal doesn't know: nobody who signs in for a domain can lift them."""
    found = _done(lambda holds, held: holds.among(held))
    if not found:
        console().print("There are no stray holds.")
        return
    table = Table("Scope", "Reason", "By", "Since", box=None)
    for one in found:
        table.add_row(one.scope, one.reason, one.by, f"{one.at:%Y-%m-%d %H:%M}")
    console().print(table)


def lift_stray(
    scope: Annotated[str, typer.Argument(help="as `nativefax holds strays` lists it", metavar="SCOPE")],
    reason: Annotated[str, typer.Option(help="why, for whoever asks later")],
) -> None:
    """Lift a hold of what the portal doesn't know, where the portal's database is."""
    who = Person("", "", f"{getpass.getuser()}, {SHELL}", "operator")
    done = _done(lambda holds, held: holds.lift(held, scope, reason, who))
    if done is None:
        raise Refused(f"{scope} is no stray hold. `nativefax holds strays` lists them; others: `nativefax holds lift`.")
    if isinstance(done, NotLifted):
        raise Refused(" ".join(one.words for one in done.refusals))
    console().print(f"The hold on {scope} is lifted. The portal publishes it within seconds, or as soon as it runs.")


def _done(work: Callable[[StrayHolds, Sequence[HoldChanged]], Awaitable[T]]) -> T:
    adopt(ROOT)
    database, history = PortalSettings().database, FaxesSettings().database
    if database is None or history is None:
        raise Refused("Set NATIVEFAX_PORTAL_DATABASE and NATIVEFAX_HISTORY_DATABASE to what the portal has.")
    return asyncio.run(_on(database.get_secret_value(), history.get_secret_value(), work))


async def _on(database: str, history: str, work: Callable[[StrayHolds, Sequence[HoldChanged]], Awaitable[T]]) -> T:
    engine, faxes = connect(database), connect(history, reading=True)
    try:
        store = Store(engine, Outbox(engine, OUTBOX, Unconnected(), source="portal"), utc_now)
        return await work(StrayHolds(store, History(faxes)), await holds_now(KafkaSettings()))
    finally:
        await engine.dispose()
        await faxes.dispose()


class Unconnected:
    """Publishes nothing: the portal's own processes relay what is in its outbox."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """See `Publishes`."""
        raise NotImplementedError
