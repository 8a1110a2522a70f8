"""`nativefax dlq`: what was set aside, and what is done about it."""

import asyncio
import getpass
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from services._runtime.dead_letters import DeadLetterRecord, Resolution, UnknownTopic, read, resolve, with_reason
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.settings import KafkaSettings
from services.cli.errors import Refused
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console

app = typer.Typer(help="Dead letters: list, show, replay and drop.", no_args_is_help=True)

Letters = Annotated[
    list[str] | None, typer.Argument(help="dead letters, as `dlq list` names them", metavar="LETTER...")
]
Reason = Annotated[str | None, typer.Option(help="only those with this reason")]
Topic = Annotated[str | None, typer.Option(help="only those of this topic")]


@app.command("list", epilog="Example:\n\nnativefax dlq list --topic email-requested --reason attempts-exhausted")
def list_all(topic: Topic = None, reason: Reason = None) -> None:
    """List the dead letters nobody has dealt with."""
    letters = _read(topic, reason)
    if not letters:
        console().print("No dead letters.")
        return
    table = Table("Letter", "Since", "Stage", "Reason", "Detail", box=None)
    for one in letters:
        since = f"{one.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(one.name, since, one.told("nf-stage"), one.told("nf-reason"), one.told("nf-detail")[:100])
    console().print(table)


@app.command(epilog="Example:\n\nnativefax dlq show email-requested/17")
def show(letter: Annotated[str, typer.Argument(help="a dead letter, as `dlq list` names it")]) -> None:
    """Show one dead letter: its headers, then its value."""
    one = _chosen(_read(letter.partition("/")[0], None), [letter])[0]
    told = console()
    for name, value in (*one.headers, ("key", one.key or b"")):
        told.print(f"{name}: {value.decode('utf-8', 'backslashreplace')}", markup=False)
    told.print()
    told.print((one.value or b"").decode("utf-8", "backslashreplace"), markup=False)


@app.command(
    epilog="Examples:\n\nnativefax dlq replay email-requested/17\n\nnativefax dlq replay --reason object-missing\n\n"
    "Replaying is safe twice: a fax that went on meanwhile isn't sent again."
)
def replay(letters: Letters = None, topic: Topic = None, reason: Reason = None) -> None:
    """Send dead letters back to the topic they came from, once their cause is mended."""
    _resolve(letters or [], topic, reason, "replayed")


@app.command(epilog="Example:\n\nnativefax dlq drop telephony-fax-received/3")
def drop(letters: Letters = None, topic: Topic = None, reason: Reason = None) -> None:
    """Take dead letters off the list; whatever the store keeps of their faxes stays."""
    _resolve(letters or [], topic, reason, "dropped")


def _read(topic: str | None, reason: str | None) -> list[DeadLetterRecord]:
    adopt(ROOT)
    try:
        letters = asyncio.run(read(KafkaSettings(), [topic] if topic else []))
    except UnknownTopic as unknown:
        raise Refused(str(unknown)) from unknown
    return with_reason(letters, reason)


def _resolve(names: list[str], topic: str | None, reason: str | None, how: Resolution) -> None:
    if not names and not topic and not reason:
        raise Refused("Name dead letters, or choose them by --topic or --reason. `nativefax dlq list` shows them.")
    letters = _read(topic, reason)
    chosen = _chosen(letters, names) if names else letters
    asyncio.run(_resolve_all(chosen, how))
    console().print(f"{len(chosen)} {how}.")


def _chosen(letters: Iterable[DeadLetterRecord], names: list[str]) -> list[DeadLetterRecord]:
    by_name = {one.name: one for one in letters}
    if missing := [name for name in names if name not in by_name]:
        raise Refused(
            f"{', '.join(missing)}: no such dead letter, or it was dealt with. `nativefax dlq list` shows them."
        )
    return [by_name[name] for name in names]


async def _resolve_all(letters: Iterable[DeadLetterRecord], how: Resolution) -> None:
    async with running(Publisher(KafkaSettings(), source="cli", confirm_seconds=20)) as publisher:
        for letter in letters:
            await resolve(letter, how, publisher, getpass.getuser())
