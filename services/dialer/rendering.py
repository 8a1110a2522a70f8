"""Pages that are made anew, once: asked of the document worker, and waited for no longer than a while."""

from datetime import datetime, timedelta

from schemas.fax import FaxRendered, RenderRequested
from services.dialer.codes import TOO_LARGE, Class
from services.dialer.ladder import COARSEST, coarser
from services.dialer.rules import Rules
from services.dialer.sending import Sending
from services.dialer.steps import Step, changed
from services.dialer.telling import status


def can_be_rendered(row: Sending, cls: Class) -> bool:
    """Whether other pages can be made of it, after a call that ended so, than those that were dialled."""
    return not row.rendered and (cls is TOO_LARGE or row.mode.resolution != COARSEST)


def render(row: Sending, cls: Class, due: datetime, now: datetime, rules: Rules) -> Step:
    """Ask for coarser pages, no longer than A4 if the size was the trouble.

    It is called again when they come, but not before `due`; without them after a while, with the pages there are.
    """
    waiting = changed(
        row,
        now,
        state="waiting",
        mode=coarser(row.mode),
        rendered=True,
        again_at=due,
        due_at=max(due, now + timedelta(seconds=rules.render)),
        holds_line=False,
    )
    fax = row.fax
    asked = RenderRequested(
        fax_id=fax.fax_id,
        version=waiting.version,
        account_id=fax.account_id,
        accepted_at=fax.accepted_at,
        destination=fax.destination,
        a4=cls is TOO_LARGE,
    )
    told = f"{cls.name}; its pages are made anew at standard resolution"
    return Step(waiting, (status(waiting, "waiting-to-redial", told, cls.failure), asked))


def take(row: Sending, event: FaxRendered, now: datetime) -> Step | None:
    """Dial the new pages from now on; the old ones if there are no new ones. Nothing if a call is under way or over."""
    if row.state != "waiting" or not row.rendered or event.document == row.fax.document:
        return None
    due = max(row.again_at, now) if row.again_at else row.due_at
    if event.document is None or not event.pages:
        return Step(changed(row, now, due_at=due, again_at=None)) if row.again_at else None
    pages = {"document": event.document, "pages": event.pages, "resolution": COARSEST}
    new = changed(row, now, due_at=due, again_at=None, fax=row.fax.model_copy(update=pages))
    if event.pages != row.fax.pages:  # what arrived of the others counts no more
        new = new.model_copy(update={"first_page": 1, "arrived": 0})
    return Step(new)
