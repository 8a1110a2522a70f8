"""The router's wiring."""

from functools import partial

from schemas.topics import FAX_READY
from services._runtime.account_positions import report_positions
from services._runtime.account_table import AccountTable
from services._runtime.running import running
from services._runtime.service import Resources, run_stages
from services._runtime.stage import Stage
from services.router.handlers import Router


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The router, once its account table is complete."""
    table = await resources.stack.enter_async_context(running(AccountTable(resources.kafka)))
    resources.supervise("positions", partial(report_positions, table, resources.publisher, "router", "router"))
    return (Stage("router", FAX_READY, Router(table, resources.blobs()).handle),)


def main() -> None:
    """Run the router."""
    run_stages("router", build)
