"""Faxes as they change, to a page that is open: server-sent events (WHATWG HTML, 9.2).

Each event names faxes and how they stand, nothing more; the page asks for itself anew. The stream goes on for as long
as the session lasts, and is no use of it: a page left open does not keep anybody signed in.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic
from typing import Final

from starlette.responses import Response, StreamingResponse

from services._runtime.outcomes import DependencyAway
from services.portal.live_faxes.audience import Listener, News
from services.portal.live_faxes.stream import FaxStream
from services.portal.web.fax_pages.finding import viewer_of
from services.portal.web.gate import Visit
from services.portal.web.rendering import PRIVATE

HEARTBEAT: Final = 15.0
"""Seconds: a proxy ends what is silent for long, and so it shows who went without a word."""

BELIEVED: Final = 1.0
"""Seconds for which it is believed that somebody is still signed in."""

PACE: Final = 0.25
"""Seconds between two events, so that a burst is one."""

COME_BACK: Final = 3000
"""Milliseconds after which a browser comes back by itself."""


def stream_of(visit: Visit) -> str:
    """The address at which a page hears what changes after it was made; empty if it can't.

    Ask for it before anything that the page shows: what changes in between must be told.
    """
    stream = visit.services.fax_stream
    return f"/faxes/live?after={stream.mark}" if stream else ""


async def live(visit: Visit) -> Response:
    """The stream. 204 where there is none, or nothing to see: a browser doesn't come back after that."""
    stream = visit.services.fax_stream
    if stream is None or visit.request.method == "HEAD":
        return Response(status_code=204, headers=PRIVATE)
    if stream.full:
        return Response(status_code=503, headers={**PRIVATE, "Retry-After": "60"})
    headers = {**PRIVATE, "X-Accel-Buffering": "no"}
    return StreamingResponse(_frames(stream, visit), media_type="text/event-stream", headers=headers)


async def _frames(stream: FaxStream, visit: Visit) -> AsyncIterator[str]:
    request = visit.request
    mark = request.headers.get("last-event-id") or request.query_params.get("after", "")
    try:
        with stream.joined(visit.person.user_id, await viewer_of(visit)) as listener:
            yield f"retry: {COME_BACK}\n{_frame(News(), stream.mark)}"
            if mark:
                await stream.resume(listener, mark)
            async for frame in _told(stream, listener, visit):
                yield frame
    except DependencyAway:
        return  # the browser comes back, and hears then what it missed


async def _told(stream: FaxStream, listener: Listener, visit: Visit) -> AsyncIterator[str]:
    """What there is to say, until it is over."""
    looked = monotonic()
    while True:
        news, mark = await listener.news(HEARTBEAT), stream.mark
        if news.over:
            if news.over == "crowded":
                yield _over("crowded")
            return
        if monotonic() - looked > BELIEVED:
            here = await _still_here(visit)
            if here is None:
                yield _over("signed-out")
                return
            viewer, looked = await viewer_of(here), monotonic()
            if viewer != listener.viewer:
                stream.change(listener, viewer)
                news = News(anew=True)
        yield _frame(news, mark)
        await asyncio.sleep(PACE)


async def _still_here(visit: Visit) -> Visit | None:
    """The visit with its person as they are now; None if they are signed in no more."""
    cookie = visit.request.cookies.get(visit.services.cookies.session)
    session = await visit.services.sessions.find(cookie, used=False)
    if session is None or session.person.must_change or session.person.role == "operator":
        return None
    return replace(visit, session=session)


def _frame(news: News, mark: str) -> str:
    """An event; a heartbeat if there is nothing to say."""
    if news.anew:
        return f"event: anew\nid: {mark}\ndata: -\n\n"
    if not news.faxes:
        return f"id: {mark}\n: here\n\n"
    told = [{"id": str(one.fax_id), "state": one.state, "version": one.version} for one in news.faxes]
    return f"event: faxes\nid: {mark}\ndata: {json.dumps(told)}\n\n"


def _over(why: str) -> str:
    return f"event: over\ndata: {why}\n\n"
