"""Retention's wiring, for the stage and for the commands that do the same by hand."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from schemas.topics import DELETION_REQUESTED, RETENTION_REQUESTED
from services._runtime.blobs import ObjectStore
from services._runtime.claims import Claims, utc_now
from services._runtime.hold_table import HoldTable
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.service import Resources, run_stages
from services._runtime.settings import StoreSettings
from services._runtime.stage import Stage
from services.retention.adapters import Bucket
from services.retention.backlog import Backlog
from services.retention.deleting import Deletions
from services.retention.domain import Now
from services.retention.handlers import Retention
from services.retention.holds import Holds
from services.retention.incoming import Uploads
from services.retention.memory import share_arenas
from services.retention.moving import Mover
from services.retention.pace import Pace
from services.retention.planning import Planner
from services.retention.scheduler import Scheduler
from services.retention.settings import RetentionSettings
from services.retention.sweep import Sweep
from services.retention.telling import Told
from services.retention.verify import Verification

TASK_SECONDS = 240.0
LEASE = timedelta(minutes=10)
"""Longer than a move of one fax takes, or a day's plan with its verification; else both are only done twice."""

TICK_SECONDS = 60.0


@dataclass(frozen=True)
class Parts:
    """What retention is made of."""

    bucket: Bucket
    sweep: Sweep
    uploads: Uploads
    planner: Planner
    verification: Verification
    claims: Claims


def assemble(store: StoreSettings, settings: RetentionSettings, holds: Holds, owner: str, now: Now) -> Parts:
    """The parts, on one store; nothing connects yet."""
    blobs = ObjectStore(store)
    bucket = Bucket(store, at_once=4 * settings.at_once, seconds=settings.call_seconds)
    claims = Claims(blobs, owner, LEASE, now)
    sweep = Sweep(bucket, blobs, holds, Mover(bucket, claims), Pace(settings.objects_per_second), now)
    keep = timedelta(days=settings.incoming_days)
    patience = timedelta(seconds=settings.stranded_after_seconds)
    uploads, planner = Uploads(bucket, blobs, keep, patience, now), Planner(bucket, keep)
    return Parts(bucket, sweep, uploads, planner, Verification(bucket, sweep, uploads, planner, holds, now), claims)


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The workers of this process and its scheduler, once every hold is known."""
    settings = RetentionSettings()
    holds = await resources.stack.enter_async_context(running(HoldTable(resources.kafka)))
    parts = assemble(StoreSettings(), settings, holds, resources.owner, utc_now)
    resources.stack.push_async_callback(parts.bucket.close)
    told = Told(resources.registry)
    await _schedule(resources, settings, parts, told)
    handler = Retention(parts.bucket, parts.sweep, parts.uploads, settings.faxes_per_task, told, utc_now)
    at_once = settings.at_once
    deletions = Deletions(parts.sweep, told)
    return (
        Stage("retention", RETENTION_REQUESTED, handler.handle, TASK_SECONDS, concurrency=at_once, batch=at_once),
        Stage("retention-deletions", DELETION_REQUESTED, deletions.handle, concurrency=at_once, batch=at_once),
    )


async def _schedule(resources: Resources, settings: RetentionSettings, parts: Parts, told: Told) -> None:
    publisher = Publisher(resources.kafka, source="retention", confirm_seconds=resources.settings.confirm_seconds)
    await resources.stack.enter_async_context(running(publisher))
    scheduler = Scheduler(
        bucket=parts.bucket,
        planner=parts.planner,
        claims=parts.claims,
        publisher=publisher,
        verification=parts.verification if settings.verify else None,
        uploads=parts.uploads,
        told=told,
        hour=settings.hour,
        now=utc_now,
        ingest_is_behind=Backlog(resources.kafka).behind,
    )
    scheduling = asyncio.create_task(scheduler.run(lambda: asyncio.sleep(TICK_SECONDS)))
    resources.stack.callback(scheduling.cancel)


def main() -> None:
    """Run retention."""
    share_arenas()
    run_stages("retention", build)
