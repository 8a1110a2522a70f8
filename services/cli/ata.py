"""`nativefax ata`: this machine as a fax machine's adapter, for trying and for tests."""

import json
import sys
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import Annotated, TypeVar

import httpx
import typer

from services.cli.devices import LocalDevice
from services.cli.errors import Refused
from services.cli.submitting import Outgoing, by_ata
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console
from services.ingest.ata.client import Acknowledged, AtaClient, GatewayRefused

T = TypeVar("T")

app = typer.Typer(help="Act as an ATA: enrol, send, and take received faxes.", no_args_is_help=True)

Serial = Annotated[str, typer.Argument(help="the device's serial number", metavar="SERIAL")]


@app.command(epilog="Examples:\n\nnativefax accounts enrol +12025550102\n\nnativefax ata enrol 20ABCD K7WQ…")
def enrol(serial: Serial, code: Annotated[str, typer.Argument(help="the one-time code", metavar="CODE")]) -> None:
    """Exchange the one-time code for the device's secret, and keep it."""
    device = _device(serial)
    device.secret = _asked(device, lambda client: client.enrol(code))
    device.save()
    console().print(f"{serial} is enrolled.")


@app.command()
def rotate(serial: Serial) -> None:
    """Take a new secret; the old one ends when the new one is first used."""
    device = _device(serial)
    device.secret = _asked(device, AtaClient.rotate)
    device.save()
    console().print(f"{serial} has a new secret.")


@app.command(epilog="Example:\n\nnativefax ata send 20ABCD page.tif --to 2025550177")
def send(
    serial: Serial,
    file: Annotated[Path, typer.Argument(help="a TIFF or PDF", metavar="FILE")],
    to: Annotated[str, typer.Option(help="the number as it is keyed in", metavar="NUMBER")],
) -> None:
    """Send a document; `nativefax trace` follows the fax."""
    fax_id = by_ata(Outgoing((file,), to), _device(serial))
    _tell({"file": str(file), "fax_id": str(fax_id)})


@app.command(epilog="Example:\n\nnativefax ata receive 20ABCD --into printed/ --wait 20")
def receive(
    serial: Serial,
    into: Annotated[Path, typer.Option(help="where the faxes are printed to, as TIFF", file_okay=False)] = Path(),
    wait: Annotated[float, typer.Option(help="seconds to wait for a fax", min=0, max=25)] = 0,
) -> None:
    """Take what waits, faxes and pages about faxes, print it into a folder, then acknowledge it; a JSON line each."""
    device = _device(serial)
    into.mkdir(parents=True, exist_ok=True)
    for fax in _asked(device, lambda client: client.received(wait)):
        file = into / f"{fax.id}.tif"
        file.write_bytes(_asked(device, methodcaller("document", fax.id)))
        done: Acknowledged = _asked(device, methodcaller("acknowledge", fax.id))
        told = {"kind": fax.kind, "pages": fax.pages, "state": done.state, "detail": done.detail}
        _tell({"fax_id": str(fax.id), "file": str(file), **told})


def _tell(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _device(serial: str) -> LocalDevice:
    adopt(ROOT)
    return LocalDevice.open(serial)


def _asked(device: LocalDevice, ask: Callable[[AtaClient], T]) -> T:
    try:
        with device.client() as client:
            return ask(client)
    except GatewayRefused as refused:
        raise Refused(f"Refused ({refused.status}): {refused}") from refused
    except httpx.TransportError as error:
        raise Refused(f"The ATA gateway at {device.url} can't be reached: {error}.") from error
