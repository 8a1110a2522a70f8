"""The wiring of the server for delivery reports."""

import logging
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry, Counter

from services._runtime.access.missing import Rights, checked
from services._runtime.blobs import ObjectStore
from services._runtime.process import Process
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.settings import KafkaSettings, LinkSettings, StageSettings, StoreSettings
from services._runtime.verp import Verp
from services.ingest.bounces.door import listen
from services.ingest.bounces.gateway import Gateway
from services.ingest.bounces.handlers import Bounces
from services.ingest.bounces.settings import BounceSettings
from services.ingest.smtp.certificate import ServerCertificate

log = logging.getLogger(__name__)


logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's: its lines would carry addresses


class BounceService:
    """The server as a service. Without a bounce domain no mail can come back here, and it does nothing."""

    name = "bounces"

    def __init__(self, settings: BounceSettings, stage: StageSettings) -> None:
        self.registry = CollectorRegistry()
        self._outcomes = Counter("nativefax_bounces", "Reports, by outcome", ("outcome",), registry=self.registry)
        self._refused = Counter("nativefax_bounces_refused", "Recipients that we never signed", registry=self.registry)
        self._settings = settings
        self._certificate = ServerCertificate(settings, self.registry)
        self._stage = stage
        self._rights: Rights | None = None
        self._stack: AsyncExitStack | None = None
        self.port: int | None = None

    async def start(self) -> None:
        """Connect, then listen; whatever fails, nothing is left half open.

        Raises:
            KafkaError: No broker answers.
            RightsMissing: This process may not do what it is for.
            OSError, ValueError: The port is taken, or the certificate can't be read.
        """
        if self._settings.domain is None:
            log.info("no NATIVEFAX_SMTP_BOUNCE_DOMAIN: no reports are taken")
            return
        async with AsyncExitStack() as stack:
            self._rights = await stack.enter_async_context(checked(KafkaSettings(), self.name))
            publisher = Publisher(KafkaSettings(), source=self.name, confirm_seconds=self._stage.confirm_seconds)
            await stack.enter_async_context(running(publisher))
            bounces = Bounces(ObjectStore(StoreSettings()), publisher, self._outcomes)
            verp = Verp(LinkSettings().links_secret.get_secret_value(), self._settings.domain)
            await stack.enter_async_context(self._certificate.followed())
            gateway = Gateway(verp, bounces, self._refused)
            server = await listen(gateway, self._settings, lambda: self._certificate.tls)
            stack.callback(server.close)
            self.port = server.sockets[0].getsockname()[1]
            log.info("takes reports", extra={"port": self.port})
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Take no more, then disconnect. A report under way is not answered, so it comes again."""
        if self._stack is not None:
            await self._stack.aclose()
            self._stack = None

    def ailments(self) -> list[str]:
        """See `Service`."""
        return []

    def waits(self) -> list[str]:
        """See `Service`."""
        return self._rights.waits() if self._rights else []


def main() -> None:
    """Take delivery reports."""
    stage = StageSettings()
    Process(BounceService(BounceSettings(), stage), stage).run()
