"""The portal's wiring: for now the pages behind the links in mails."""

from starlette.applications import Starlette

from services._runtime.blobs import ObjectStore
from services._runtime.links import Links
from services._runtime.settings import LinkSettings, StoreSettings
from services.portal.pages import app


def web() -> Starlette:
    """The application, as the settings say."""
    return app(ObjectStore(StoreSettings()), Links.of(LinkSettings()))
