"""The portal's wiring: for now the pages behind the links in mails."""

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import Mount

from services._runtime.blobs import ObjectStore
from services._runtime.links import Links
from services._runtime.process import Process
from services._runtime.settings import LinkSettings, StageSettings, StoreSettings
from services.portal.pages import app


class Pages:
    """The portal as a service: it holds nothing, so it is ready as soon as it listens."""

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


def web() -> Starlette:
    """The application, as the settings say."""
    return app(ObjectStore(StoreSettings()), Links.of(LinkSettings()))


def main() -> None:
    """Serve the pages."""
    Process(Pages(), StageSettings(), [Mount("/", app=web())]).run()
