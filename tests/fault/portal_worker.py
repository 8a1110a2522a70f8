"""A process that does the portal's jobs, and says on its output when one has begun to write."""

import asyncio
import sys
from dataclasses import replace

from services._runtime.database import connect
from services._runtime.outbox import Outbox
from services.portal.inventory.files import Progress
from services.portal.inventory.inventory import Inventory
from services.portal.inventory.jobs import Job, JobResult
from services.portal.inventory.tables import OUTBOX
from services.portal.inventory.working import Finish
from tests.unit.bounces import Published


async def main(url: str) -> None:
    engine = connect(url)
    worker = Inventory(engine, Outbox(engine, OUTBOX, Published(), source="portal")).worker()

    async def told(job: Job, progress: Progress, finish: Finish) -> JobResult:
        def tell(done: int, steps: int) -> None:
            if done > steps // 2:  # the rows are decided, and some are written
                sys.stdout.write("writing\n")
                sys.stdout.flush()
            progress(done, steps)

        return await worker.kinds["import"](job, tell, finish)

    await replace(worker, kinds={"import": told}).step()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
