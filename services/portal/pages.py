"""The page behind a mail's link: one fax, to read or to keep, without signing in.

Whoever holds the link sees the fax, so it expires, and it is written nowhere: no log line, no referrer, no cache. That
it was used is in the log and, where the portal has a database, in its audit log (docs/adr/0013).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from schemas.keys import THUMBNAIL
from services._runtime.blobs import Blobs
from services._runtime.display import fax_filename
from services._runtime.links import Link, Links
from services._runtime.links import fax_page as page_in_portal
from services.portal.link_uses import LinkUses, Use
from services.portal.notices import Gone, handlers
from services.portal.rendering import INERT, PRIVATE, READABLE, fax_page

log = logging.getLogger("nativefax.portal")


def app(blobs: Blobs, links: Links, uses: LinkUses | None = None) -> Starlette:
    """The pages of links, as an application of their own; `uses` where there is a Manager Portal beside them.

    `GET /f/<token>` is the page, `…/fax.pdf` the document (`?download` to keep it), `…/page1.png` its first page.
    """
    pages = LinkPages(blobs, links, uses)
    return Starlette(
        routes=[
            Route("/f/{token}", pages.page),
            Route("/f/{token}/fax.pdf", pages.document),
            Route("/f/{token}/page1.png", pages.thumbnail),
        ],
        exception_handlers=handlers(),
    )


@dataclass(frozen=True)
class LinkPages:
    """The three answers to a link. Each reads the link first: without one there is nothing to see."""

    blobs: Blobs
    links: Links
    uses: LinkUses | None

    async def page(self, request: Request) -> Response:
        """What it is, and the ways to read it."""
        link = await self._link(request, "fax.link-opened")
        there = await self.blobs.keys(_folder(link))
        if link.key not in there:
            raise Gone(link)
        base = f"/f/{request.path_params['token']}"
        pictured = _folder(link) + THUMBNAIL in there
        html, headers = fax_page(link, base, pictured=pictured, portal=page_in_portal(link.fax_id) if self.uses else "")
        return HTMLResponse(html, headers=headers)

    async def document(self, request: Request) -> Response:
        """The PDF: to show, or with ``?download`` to keep."""
        keep = "download" in request.query_params
        link = await self._link(request, "fax.link-downloaded" if keep else "fax.link-read")
        shown = link.shown
        name = fax_filename(link.accepted_at, shown.time_zone, shown.other_party)
        kind, policy = ("attachment", INERT) if keep else ("inline", READABLE)
        return await self._object(link, link.key, {"Content-Disposition": f'{kind}; filename="{name}"', **policy})

    async def thumbnail(self, request: Request) -> Response:
        """The first page as a picture."""
        link = await self._link(request, "fax.link-pictured")
        return await self._object(link, _folder(link) + THUMBNAIL, INERT)

    async def _object(self, link: Link, key: str, headers: Mapping[str, str]) -> Response:
        data = await self.blobs.get(key)
        if data is None:
            raise Gone(link)
        kind = "image/png" if key.endswith(".png") else "application/pdf"
        return Response(data, media_type=kind, headers={**PRIVATE, **headers})

    async def _link(self, request: Request, use: Use) -> Link:
        link = self.links.read(request.path_params["token"])
        log.info("link used", extra={"fax_id": str(link.fax_id), "what": use})
        if self.uses is not None and request.method != "HEAD":
            await self.uses.record(link, use)
        return link


def _folder(link: Link) -> str:
    """Where everything of the fax is."""
    return link.key.rpartition("/")[0] + "/"
