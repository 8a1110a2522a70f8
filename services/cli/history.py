"""`nativefax history`: the history of faxes, made anew from what remembers it."""

import asyncio

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from services._runtime.blobs import ObjectStore
from services._runtime.history import HistorySettings
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.portal.history.rebuilding import rebuild_database

app = typer.Typer(help="The history of faxes, as the API and the portal show it.", no_args_is_help=True)


@app.callback()
def history() -> None:
    """The history of faxes, as the API and the portal show it."""


@app.command(epilog="Example:\n\nnativefax history rebuild")
def rebuild() -> None:
    """Write all that the records beside the faxes and the topics tell into the history's database.

    What is there stays. For a database that was restored from a backup; a new one does it by itself. Stages may go on
    meanwhile. Stopped, it goes on where it was if it is called again within a day.
    """
    adopt(ROOT)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console()) as shown:
        bars: dict[str, TaskID] = {}

        def progress(source: str, done: int, total: int) -> None:
            bar = bars[source] if source in bars else bars.setdefault(source, shown.add_task(source, total=total))
            shown.update(bar, completed=done)

        url = HistorySettings().database.get_secret_value()
        asyncio.run(rebuild_database(url, KafkaSettings(), ObjectStore(StoreSettings()), progress))
    console().print("The history holds all that the records and the topics tell.")
