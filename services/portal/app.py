"""The portal's wiring: the pages behind the links in mails and, where it has a database, the Manager Portal."""

from prometheus_client import CollectorRegistry
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from services._runtime.blobs import ObjectStore
from services._runtime.database import connect, migrate
from services._runtime.fenced import FencedPublisher
from services._runtime.languages import Languages
from services._runtime.links import Links
from services._runtime.outbox import Outbox
from services._runtime.process import Process
from services._runtime.relaying import relay
from services._runtime.service import Resources, run_stages
from services._runtime.settings import LanguageSettings, LinkSettings, StageSettings, StoreSettings
from services._runtime.stage import Stage
from services._runtime.wrapping import HttpMetrics, Wrapping
from services.portal.api.application import api
from services.portal.api.problems import broken
from services.portal.faxes import app as faxes
from services.portal.faxes.reading import ReadingLimits
from services.portal.inventory.inventory import Inventory
from services.portal.inventory.live import LiveStates
from services.portal.inventory.seeding import seed
from services.portal.inventory.tables import OUTBOX
from services.portal.link_uses import LinkUses
from services.portal.live_faxes import app as live_faxes
from services.portal.logos.logos import Logos
from services.portal.operating.measuring import Measuring
from services.portal.operating.operations import Pipeline
from services.portal.pages import app
from services.portal.retentions import app as retentions
from services.portal.sending import app as sending
from services.portal.spoken import Spoken
from services.portal.web.services import Cookies, Services
from services.portal.web.settings import PortalSettings, served_plainly
from services.portal.web.signing_in.browsers import Browsers
from services.portal.web.signing_in.passwords import Passwords
from services.portal.web.signing_in.people import People
from services.portal.web.signing_in.sessions import Sessions
from services.portal.web.signing_in.throttle import Throttle
from services.portal.web.signing_in.tokens import Tokens
from services.portal.web.site import idle, let_first_in, longest, place_first_token, site


class Pages:
    """The portal without a database: it holds nothing, so it is ready as soon as it listens."""

    name = "portal"

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    async def start(self) -> None:
        """See `Service`."""

    async def stop(self) -> None:
        """See `Service`."""

    def ailments(self) -> list[str]:
        """See `Service`."""
        return []

    def waits(self) -> list[str]:
        """See `Service`."""
        return []


def web(uses: LinkUses | None = None) -> ASGIApp:
    """The link pages, as the settings say; see `app` for `uses`."""
    pages = app(ObjectStore(StoreSettings()), Links.of(LinkSettings()), uses)
    return Spoken(pages, Languages.read(LanguageSettings().languages))


def beside(links: ASGIApp, machines: ASGIApp, pages: ASGIApp) -> ASGIApp:
    """All at one address: links begin with ``/f/``; the API for machines with ``/api/``, its words ``/problems/``."""

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        asked = links if path.startswith("/f/") else pages
        await (machines if path.startswith(("/api/", "/problems/")) else asked)(scope, receive, send)

    return either


async def build(resources: Resources) -> tuple[Stage, ...]:
    """The Manager Portal: no stage, but pages on a database whose outbox is relayed to Kafka."""
    settings = PortalSettings()
    if settings.database is None:
        raise ValueError("the Manager Portal needs NATIVEFAX_PORTAL_DATABASE")
    engine = connect(settings.database.get_secret_value())
    resources.stack.push_async_callback(engine.dispose)
    await migrate(engine, "services.portal")
    publisher = FencedPublisher(
        resources.kafka, resources.publisher, name="portal", confirm_seconds=resources.settings.confirm_seconds
    )
    outbox = Outbox(engine, OUTBOX, publisher, source="portal")
    live = LiveStates(resources.kafka)
    resources.stack.push_async_callback(live.stop)
    await live.start()
    people = People(engine, Passwords())
    found = await faxes.build(resources)
    pipeline = Pipeline(resources.kafka, resources.publisher, resources.blobs())
    services = Services(
        engine=engine,
        inventory=Inventory(engine, outbox),
        people=people,
        sessions=Sessions(engine, idle(settings), longest(settings)),
        throttle=Throttle(engine),
        tokens=Tokens(engine),
        cookies=Cookies(secure=not served_plainly(LinkSettings().portal_url)),
        live=live.state,
        browsers=Browsers(LinkSettings().links_secret.get_secret_value()),
        faxes=found,
        fax_stream=await live_faxes.build(resources, found.history) if found else None,
        sending=sending.build(resources, found.pictures) if found else None,
        logos=Logos(resources.blobs()),
        languages=Languages.read(LanguageSettings().languages),
        operations=pipeline,
        reading=ReadingLimits(settings.documents_per_hour, settings.documents_per_day),
    )
    if settings.sample:
        await seed(engine, settings.first_reseller)
    await let_first_in(engine, people, settings)
    await place_first_token(people, services.tokens, settings)
    relay(resources, outbox, publisher)
    resources.supervise("jobs", services.inventory.worker().run)
    resources.supervise("measuring", Measuring(resources.registry, pipeline.lags).run)
    if found:
        retentions.start(resources, engine, found.history)
    machines = Wrapping(api(services), HttpMetrics(resources.registry, "portal_api"), broken)
    resources.serve(beside(web(LinkUses(services.inventory.lists.store)), machines, site(services)))
    return ()


def main() -> None:
    """Serve the pages."""
    if PortalSettings().database is None:
        Process(Pages(), StageSettings(), [Mount("/", app=web())]).run()
    else:
        run_stages("portal", build)
