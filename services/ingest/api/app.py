"""The HTTP API's wiring."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from prometheus_client import CollectorRegistry
from starlette.routing import Mount

from services._runtime.access.missing import Rights, checked
from services._runtime.account_positions import reporting
from services._runtime.account_table import AccountTable
from services._runtime.blobs import ObjectStore
from services._runtime.database import connect
from services._runtime.history import History, HistorySettings
from services._runtime.outcomes import DependencyAway
from services._runtime.process import Process
from services._runtime.publisher import Publisher, Publishes
from services._runtime.running import running
from services._runtime.settings import KafkaSettings, StageSettings, StoreSettings
from services._runtime.wrapping import HttpMetrics, Wrapping
from services.ingest.api.confirming import Confirming
from services.ingest.api.desk import Desk
from services.ingest.api.faxes import Faxes
from services.ingest.api.gate import Gate
from services.ingest.api.handlers import Cancelling, Sending
from services.ingest.api.previewing import Previewing, Room
from services.ingest.api.problems import broken
from services.ingest.api.routes import api
from services.ingest.api.settings import ApiSettings
from services.ingest.api.upload import Budget
from services.ingest.documents.attributed import convert_attributed
from services.ingest.documents.pool import DocumentPool
from services.ingest.settings import DocumentSettings
from services.ingest.submissions import Submissions


class ApiService:
    """The API as a service: it answers 503 until its account table is complete."""

    name = "api"

    def __init__(self, settings: ApiSettings, history: HistorySettings, stage: StageSettings) -> None:
        self.registry = CollectorRegistry()
        self.web = Wrapping(api(lambda: self._desk), HttpMetrics(self.registry, "api"), broken)
        self._settings = settings
        self._history = history
        self._stage = stage
        self._table: AccountTable | None = None
        self._confirming: Confirming | None = None
        self._desk: Desk | None = None
        self._rights: Rights | None = None
        self._stack: AsyncExitStack | None = None

    async def start(self) -> None:
        """Connect, and read every account; whatever fails, nothing is left half open.

        Raises:
            KafkaError: No broker answers.
            RightsMissing: This process may not do what it is for.
            DependencyAway: The accounts can't be read to their end.
        """
        async with AsyncExitStack() as stack:
            self._rights = await stack.enter_async_context(checked(KafkaSettings(), self.name))
            publisher = Publisher(KafkaSettings(), source=self.name, confirm_seconds=self._stage.confirm_seconds)
            await stack.enter_async_context(running(publisher))
            table = await stack.enter_async_context(running(AccountTable(KafkaSettings())))
            await stack.enter_async_context(reporting(table, publisher, "ingest", self.name))
            engine = connect(self._history.database.get_secret_value(), reading=True)
            stack.push_async_callback(engine.dispose)
            pool = DocumentPool(workers=self._settings.preview_workers, timeout=DocumentSettings().timeout_seconds)
            stack.push_async_callback(asyncio.to_thread, pool.close)  # its workers start with the first preview
            self._table, self._confirming = table, Confirming(publisher)
            self._desk = self._at_work(table, self._confirming, History(engine), pool)
            self._stack = stack.pop_all()

    def _at_work(self, table: AccountTable, publisher: Publishes, history: History, pool: DocumentPool) -> Desk:
        blobs, settings = ObjectStore(StoreSettings()), self._settings
        faxes = Faxes(blobs, history)
        return Desk(
            gate=Gate.of(table, settings),
            sending=Sending(Submissions(blobs, publisher), blobs),
            previewing=Previewing(partial(convert_attributed, pool.run), Room(settings.preview_workers)),
            cancelling=Cancelling(faxes, blobs, publisher),
            faxes=faxes,
            budget=Budget(settings.upload_bytes, settings.uploads_per_token),
            settings=settings,
        )

    async def stop(self) -> None:
        """Take no more, then disconnect. A submission under way is not answered, so it comes again."""
        self._desk = None
        if self._stack is not None:
            await self._stack.aclose()
            self._stack = None

    def ailments(self) -> list[str]:
        """See `Service`."""
        broken = self._confirming is not None and self._confirming.broken and not self.waits()
        return ["nothing is confirmed any more, and Kafka answers"] if broken else []

    def waits(self) -> list[str]:
        """See `Service`."""
        try:
            if self._table is not None:
                self._table.refuse_if_stale()
        except DependencyAway as away:
            return [str(away)]
        return self._rights.waits() if self._rights else []


def main() -> None:
    """Serve the API."""
    stage = StageSettings()
    service = ApiService(ApiSettings(), HistorySettings(), stage)
    Process(service, stage, [Mount("/", app=service.web)]).run()
