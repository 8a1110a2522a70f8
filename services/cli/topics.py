"""`nativefax topics`: the cluster's topics, made what schemas/topics.py says."""

import typer
from rich.table import Table

from schemas.topics import TOPICS
from services._runtime import topic_admin
from services._runtime.settings import KafkaSettings
from services.cli.surroundings import ROOT, adopt
from services.cli.terminal import console

app = typer.Typer(help="The topics of the pipeline.", no_args_is_help=True)


@app.command()
def apply() -> None:
    """Create missing topics, retry tiers and dead letters, and set their configuration. Safe to repeat."""
    adopt(ROOT)
    applied = topic_admin.apply_now(KafkaSettings())
    told = console()
    told.print(f"{len(applied.created)} topics made, {len(applied.configured)} were there and are configured.")
    for difference in applied.differs:
        told.print(f"[yellow]{difference}[/yellow]: left as it is, since changing it would break the order of keys.")


@app.command("list")
def list_all() -> None:
    """List the topics in pipeline order, with key, producers and consumers."""
    table = Table("Topic", "Key", "From", "To", "Kept", box=None)
    for topic in TOPICS:
        kept = "newest of each key" if topic.compacted else f"{topic.retention_days} days"
        table.add_row(topic.name, topic.key, ", ".join(topic.producers), ", ".join(topic.readers), kept)
    console().print(table)
