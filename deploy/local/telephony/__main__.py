"""``python -m deploy.local.telephony``: take dial requests from Kafka and place them, until told to stop.

It is the telephony of the local stack: docs/telephony-simulator.md. Settings: NATIVEFAX_SIMULATOR_…, and those of
Kafka, the object store and a stage.
"""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable

from prometheus_client import Counter

from deploy.local.lock import take_lock
from deploy.local.telephony import t30
from deploy.local.telephony.attempts import Attempts
from deploy.local.telephony.journal import Journal
from deploy.local.telephony.placing import Lines
from deploy.local.telephony.settings import SimulatorSettings
from deploy.local.telephony.switchboard import Switchboard
from deploy.local.telephony.telling import Teller
from schemas.telephony import DialRequested
from schemas.topics import DIAL_REQUESTED, SWITCH
from services._runtime.consumer import restart
from services._runtime.database import connect
from services._runtime.outcomes import Done, Outcome
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage

log = logging.getLogger(__name__)


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The simulator: a request is done once it is written down; calls and results follow from the file."""
    settings = SimulatorSettings()
    folder = settings.folder.absolute()
    (folder / "calls").mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = await asyncio.to_thread(take_lock, folder / "lock")
    resources.stack.callback(lock.close)
    for left in (folder / "calls").iterdir():
        shutil.rmtree(left)
    engine = connect(f"sqlite:///{folder}/attempts.sqlite")
    resources.stack.push_async_callback(engine.dispose)
    attempts, results = Attempts(engine), asyncio.Event()
    await attempts.prepare()
    switchboard = Switchboard(
        attempts,
        Lines(folder / "calls", scripted=settings.scripted),
        resources.blobs(),
        folder,
        Journal(folder / "calls.jsonl"),
        Counter("nativefax_calls_at_once", "Calls to a destination that was in one", registry=resources.registry),
        results,
        lines=settings.lines,
        pace=settings.pace,
    )
    await switchboard.settle_interrupted()
    resources.supervise("results", _or_restart(Teller(attempts, resources.publisher, results).run))
    resources.supervise("calls", _or_restart(switchboard.run))  # the last to begin is the first to end
    log.info("places calls", extra={"real": t30.installed() and not settings.scripted})

    async def take(request: DialRequested) -> Outcome:
        await switchboard.take(request)
        return Done()

    return (Stage(SWITCH, DIAL_REQUESTED, take, timeout=15.0),)


def _or_restart(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """`work`, of which the failure ends the process: what it was doing is settled at the next start."""

    async def worked() -> None:
        try:
            await work()
        except Exception:  # whatever it is, half a simulator is worse than a new one
            log.exception("the simulator failed")
            restart("a part of the simulator failed")

    return worked


if __name__ == "__main__":
    run_stages("simulator", build)
