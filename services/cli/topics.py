"""`nativefax topics`: the cluster's topics, made what schemas/topics.py says."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.topics import TOPICS
from services._runtime import topic_admin
from services._runtime.access.applying import Granted, NotAdministrator, grant_now
from services._runtime.access.settings import AccessSettings
from services._runtime.settings import KafkaSettings
from services.cli.errors import Refused
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console

app = typer.Typer(help="The topics of the pipeline, and who may read and write them.", no_args_is_help=True)


@app.command()
def apply(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="change nothing; show what would be changed")] = False,
) -> None:
    """Create missing topics, retry tiers and dead letters, set their configuration, and who may read and write them.

    Safe to repeat. Needs a user that may do everything (super.users); access control lists of users that aren't
    Native Fax's are left alone. With NATIVEFAX_KAFKA_USER_PASSWORDS the stages' users are made too.
    """
    adopt(ROOT)
    told = console()
    applied = topic_admin.apply_now(KafkaSettings(), dry_run=dry_run)
    if dry_run:
        told.print(f"Nothing is changed. {len(applied.created)} topics are missing.")
    else:
        told.print(f"{len(applied.created)} topics made, {len(applied.configured)} were there and are configured.")
    for difference in applied.differs:
        told.print(f"[yellow]{difference}[/yellow]: left as it is, since changing it would break the order of keys.")
    try:
        granted = grant_now(KafkaSettings(), AccessSettings(), dry_run=dry_run)
    except NotAdministrator as refused:
        raise Refused(str(refused)) from refused
    _tell_rights(told, granted, dry_run=dry_run)


def _tell_rights(told: Console, granted: Granted, *, dry_run: bool) -> None:
    if granted.unguarded:
        told.print("[yellow]This cluster has no authorizer: every user may do everything.[/yellow]")
    if granted.users:
        told.print(f"{granted.users} users have the passwords that are set.")
    if granted.difference is not None:
        added, removed = len(granted.difference.missing), len(granted.difference.extra)
        told.print(
            f"{added} rights {'missing' if dry_run else 'added'}, {removed} {'too many' if dry_run else 'removed'}."
        )
        for sign, acls in (("+", granted.difference.missing), ("-", granted.difference.extra)):
            for acl in acls:
                told.print(f"  {sign} {acl}", highlight=False)


@app.command("list")
def list_all() -> None:
    """List the topics in pipeline order, with key, producers and consumers."""
    table = Table("Topic", "Key", "From", "To", "Kept", box=None)
    for topic in TOPICS:
        kept = "newest of each key" if topic.compacted else f"{topic.retention_days} days"
        table.add_row(topic.name, topic.key, ", ".join(topic.producers), ", ".join(topic.readers), kept)
    console().print(table)
