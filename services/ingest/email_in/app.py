"""The wiring of the email gateway."""

import logging
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry, Counter

from services._runtime.access.missing import Rights, checked
from services._runtime.account_positions import reporting
from services._runtime.account_table import AccountTable
from services._runtime.blobs import ObjectStore
from services._runtime.outcomes import DependencyAway
from services._runtime.process import Process
from services._runtime.publisher import Publisher
from services._runtime.running import running
from services._runtime.settings import KafkaSettings, StageSettings, StoreSettings
from services.ingest.email_in.door import listen
from services.ingest.email_in.gateway import Gateway
from services.ingest.email_in.handlers import Mails
from services.ingest.email_in.settings import EmailInSettings
from services.ingest.smtp.certificate import ServerCertificate
from services.ingest.submissions import Submissions

log = logging.getLogger(__name__)


class EmailInService:
    """The gateway as a service. Without a fax domain no mail can come, and it does nothing."""

    name = "email_in"

    def __init__(self, settings: EmailInSettings, stage: StageSettings) -> None:
        self.registry = CollectorRegistry()
        self._outcomes = Counter("nativefax_email_in", "Mails, by outcome", ("outcome",), registry=self.registry)
        self._settings = settings
        self._certificate = ServerCertificate(settings, self.registry)
        self._stage = stage
        self._rights: Rights | None = None
        self._stack: AsyncExitStack | None = None
        self._accounts: AccountTable | None = None
        self.port: int | None = None

    async def start(self) -> None:
        """Connect, know every account, then listen; whatever fails, nothing is left half open.

        Raises:
            KafkaError: No broker answers.
            RightsMissing: This process may not do what it is for.
            DependencyAway: The accounts couldn't be read in time.
            OSError, ValueError: The port is taken, or the certificate can't be read.
        """
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's: its lines would carry addresses
        if not self._settings.domains:
            log.info("no NATIVEFAX_EMAIL_IN_DOMAINS: no faxes are taken by mail")
            return
        async with AsyncExitStack() as stack:
            kafka = KafkaSettings()
            self._rights = await stack.enter_async_context(checked(kafka, self.name))
            accounts = await stack.enter_async_context(running(AccountTable(kafka)))
            publisher = Publisher(kafka, source=self.name, confirm_seconds=self._stage.confirm_seconds)
            await stack.enter_async_context(running(publisher))
            await stack.enter_async_context(reporting(accounts, publisher, "ingest", self.name))
            mails = Mails(accounts, Submissions(ObjectStore(StoreSettings()), publisher))
            await stack.enter_async_context(self._certificate.followed())
            gateway = Gateway(self._settings, mails, self._outcomes)
            server = await listen(gateway, lambda: self._certificate.tls)
            stack.callback(server.close)
            self.port = server.sockets[0].getsockname()[1]
            log.info("takes faxes by mail", extra={"port": self.port})
            self._accounts, self._stack = accounts, stack.pop_all()

    async def stop(self) -> None:
        """Take no more, then disconnect. A mail under way is not answered, so it comes again."""
        if self._stack is not None:
            await self._stack.aclose()
            self._stack, self._accounts = None, None

    def ailments(self) -> list[str]:
        """See `Service`."""
        return []

    def waits(self) -> list[str]:
        """See `Service`."""
        try:
            if self._accounts is not None:
                self._accounts.refuse_if_stale()
        except DependencyAway as away:
            return [str(away)]
        return self._rights.waits() if self._rights else []


def main() -> None:
    """Take faxes by mail."""
    stage = StageSettings()
    Process(EmailInService(EmailInSettings(), stage), stage).run()
