"""What the line took from a fax, in words for people at a front desk: the same in a mail and on a page."""

from collections.abc import Sequence
from typing import Final

from schemas.fax import Missing
from services._runtime.phrases import Phrases
from services._runtime.translating import N_, gettext

_LOST: Final = Phrases(
    (
        N_("Page {page} of {announced} was not received."),
        N_("Page {page}: {rows} row damaged."),
        N_("Page {page}: {rows} rows damaged."),
        N_("Page {page}: {rows} rows damaged, {together} in a row."),
        N_("Page {page}: the receiver reports damaged rows."),
        N_("Page {page} ends early, after {there} of {rows} row."),
        N_("Page {page} ends early, after {there} of {rows} rows."),
        N_("Page {page} cannot be read."),
        N_("Page {page} is larger than any fax page."),
        N_("Page {page} is stored in a form that a fax does not use."),
        N_("The file is damaged after page {page}."),
        N_("{rows} row damaged on the line, by the receiver's count."),
        N_("{rows} rows damaged on the line, by the receiver's count."),
        N_("And {number} more."),
    )
)
"""What `services.ingest.documents.inspection` says; telephony may say other things, which stay as they are."""

_CONTINUES: Final = ("was ", "were ", "is ", "has ", "could ", "may ", "did ")


def what_is_missing(missing: Sequence[Missing], pages: int, announced: int | None) -> tuple[str, ...]:
    """Sentences, at least one.

    Args:
        missing: What is known to be missing; empty if nobody listed it.
        pages: How many pages there are.
        announced: How many the far machine meant to send, if it said so.
    """
    return tuple(_LOST.say(_sentence(one, announced)) for one in missing) or (_guess(pages, announced or 0),)


def _sentence(one: Missing, announced: int | None) -> str:
    what = " ".join(one.what.split()).rstrip(".")
    if one.page is None or what.lower().startswith("page"):
        return f"{what[:1].upper()}{what[1:]}."
    page = f"Page {one.page}" + (f" of {announced}" if announced else "")
    return f"{page} {what}." if what.startswith(_CONTINUES) else f"{page}: {what}."


def _guess(pages: int, announced: int) -> str:
    first = pages + 1
    if announced == first:
        return gettext("Page {page} of {announced} was not received.").format(page=first, announced=announced)
    if announced > first:
        words = gettext("Pages {first} to {announced} of {announced} were not received.")
        return words.format(first=first, announced=announced)
    return gettext("Some lines of it were damaged on the way.")
