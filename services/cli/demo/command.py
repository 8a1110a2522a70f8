"""The command: bring it up, call, watch, and let somebody else judge."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import uuid4

import typer
from rich.console import Console

from deploy.local.checker.manifest import HandedOver, Manifest
from deploy.local.credentials import load_credentials
from deploy.local.telephony import t30
from services._runtime.blobs import ObjectStore
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.settings import KafkaSettings, StoreSettings
from services.cli import terminal
from services.cli.demo.adding import add_customers, say_where
from services.cli.demo.calls import CALLS
from services.cli.demo.faxes import DemoFax, called, data_files, filed
from services.cli.demo.pipeline import pipeline
from services.cli.demo.submissions import DEVICE, SUBMISSIONS
from services.cli.demo.submitting import Submitting, enrol
from services.cli.demo.telling import Show
from services.cli.demo.watch import Watch
from services.cli.following import StatusReader
from services.cli.receiving import hand_over
from services.cli.surroundings import ROOT

app = typer.Typer(add_completion=False)

EXAMPLES = (
    "Examples:\n\nnativefax demo\n\nnativefax demo --no-files --root /tmp/try\n\n"
    "People read stderr. stdout is one JSON line, computed by a process of its own (python -m deploy.local.checker) "
    "from the mailbox, the links in the mails and the stored objects; the exit status says the same."
)


@app.command(epilog=EXAMPLES)
def demo(
    root: Annotated[Path, typer.Option(help="where the pipeline keeps everything")] = ROOT,
    files: Annotated[bool, typer.Option(help="also the damaged, odd and hostile files of tests/data")] = True,
) -> None:
    """Send real faxes through the whole pipeline, show their way, and check what arrived."""
    console = terminal.console(stderr=True)
    signal.signal(signal.SIGTERM, _end)
    with pipeline(root, console) as maildir:
        password = load_credentials(root / "secrets.json").demo_password
        manifest = asyncio.run(_send(_fresh(root / "demo"), maildir, console, password, files=files))
        status = _check(manifest)
        say_where(password, console)
    sys.exit(status)


def _end(_number: int, _frame: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.absolute()


async def _send(folder: Path, maildir: Path, console: Console, password: str, *, files: bool) -> Path:
    """Send everything, wait for its end, and write what was sent; returns the manifest's file."""
    total = len(CALLS) + (len(data_files()) if files else 0)
    kind = "T.30 calls" if t30.installed() else "stored calls (libspandsp2 is not installed)"
    others = f", then {total - len(CALLS)} files" if files else ""
    console.print(f"\n[bold]{len(CALLS)} {kind} to receive[/bold]{others}; {len(SUBMISSIONS)} faxes to send")
    show = Show(console, total + len(SUBMISSIONS))
    async with AsyncExitStack() as stack:
        starting = running(Publisher(KafkaSettings(), source="demo", confirm_seconds=20))
        publisher = await stack.enter_async_context(starting)
        added = await add_customers(password)
        await enrol(added.accounts[DEVICE], added.code)
        sent_reader = await stack.enter_async_context(StatusReader.open(KafkaSettings(), from_start=False))
        submitting = Submitting(added.accounts, sent_reader, show.sent, folder / "printed")
        reader = await stack.enter_async_context(StatusReader.open(KafkaSettings(), from_start=False))
        watch = Watch(reader, ObjectStore(StoreSettings()), show.ended)
        started = datetime.now(UTC)
        with show.status:
            _, handed = await asyncio.gather(
                submitting.run(), _hand_over_all(_faxes(folder, files=files), watch, publisher, show)
            )
    for fax, way in watch.waiting.values():
        show.waits(fax, way)
    for planned, sent_way in submitting.waiting.values():
        show.sent(planned, sent_way)
    manifest = Manifest(
        started_at=started,
        maildir=maildir,
        faxes=tuple(handed),
        submitted=tuple(submitting.submitted),
        far_end=Path(os.environ["NATIVEFAX_SIMULATOR_FOLDER"]),
    )
    file = folder / "manifest.json"
    file.write_text(manifest.model_dump_json(indent=1))
    return file


async def _faxes(folder: Path, *, files: bool) -> AsyncIterator[DemoFax]:
    run = uuid4().hex[:8]
    async for fax in called(folder, run):
        yield fax
    if files:
        for fax in filed(run):
            yield fax


async def _hand_over_all(
    faxes: AsyncIterator[DemoFax], watch: Watch, publisher: Publisher, show: Show
) -> list[HandedOver]:
    """Hand over each fax as telephony does, as often as it tells of it, and watch until all have ended."""
    handed: list[HandedOver] = []

    async def send() -> None:
        async for fax in faxes:
            watch.expect(fax)
            await hand_over([fax.incoming] * fax.times, watch.blobs, publisher)
            handed.append(fax.expected)
            show.handed_over()

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(send())
        await watch.until_ended(sending.done)
    return handed


def _check(manifest: Path) -> int:
    """Let the checker judge, in a process of its own; it prints the JSON line."""
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", "deploy.local.checker", str(manifest)], check=False).returncode  # noqa: S603 - our own
