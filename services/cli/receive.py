"""`nativefax receive`: hand files over as telephony would, and wait for their ends."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from services._runtime.blobs import ObjectStore
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli.errors import Refused
from services.cli.following import StatusReader
from services.cli.receiving import Incoming, follow, hand_over
from services.cli.surroundings import ROOT, adopt
from services.ingest.domain import fax_id_of

app = typer.Typer(add_completion=False)

EXAMPLES = (
    "Examples:\n\nnativefax receive fax.tif --to +12025550100\n\n"
    "nativefax receive one.tif two.tif --to +12025550100 --from +15550199 --pages 3\n\n"
    "Each line of its output is one fax as JSON: file, fax_id, pages, partial, outcome, rule, reason, message_ids. "
    "Exit status 1: a fax didn't end in time."
)


@app.command(epilog=EXAMPLES)
def receive(
    files: Annotated[list[Path], typer.Argument(help="TIFF files as a fax receiver wrote them", metavar="FILE...")],
    to: Annotated[str, typer.Option("--to", help="the called fax number", metavar="NUMBER")],
    caller: Annotated[str | None, typer.Option("--from", help="the caller's number", metavar="NUMBER")] = None,
    pages: Annotated[int | None, typer.Option(help="pages the caller announced")] = None,
    call_id: Annotated[
        str | None, typer.Option(help="the call's id; handing the same call over twice is one fax", metavar="ID")
    ] = None,
    wait: Annotated[float, typer.Option(help="seconds to wait for the end; 0: don't wait")] = 60.0,
) -> None:
    """Hand files over exactly as telephony does, wait, and print a JSON line for each."""
    faxes: list[Incoming] = []
    for number, file in enumerate(files):
        try:
            data = file.read_bytes()
        except OSError as error:
            raise Refused(f"{file} can't be read: {error.strerror}.") from error
        fax = Incoming(data, to, caller, pages)
        if call_id is not None:
            fax = replace(fax, call_id=call_id if number == 0 else f"{call_id}-{number}")
        faxes.append(fax)
    adopt(ROOT)
    sys.exit(asyncio.run(_receive(files, faxes, wait)))


async def _receive(files: list[Path], faxes: list[Incoming], wait: float) -> int:
    kafka, blobs = KafkaSettings(), ObjectStore(StoreSettings())
    waiting = 0
    async with (
        running(Publisher(kafka, source="cli", confirm_seconds=20)) as publisher,
        StatusReader.open(kafka, from_start=False) as reader,
    ):
        events = await hand_over(faxes, blobs, publisher)
        names = {fax_id_of(event): str(file) for event, file in zip(events, files, strict=True)}
        async for way in follow(events, reader, blobs, wait):
            waiting += not way.ended
            sys.stdout.write(json.dumps({"file": names[way.fax_id], **way.line()}) + "\n")
            sys.stdout.flush()
    return 1 if waiting and wait else 0
