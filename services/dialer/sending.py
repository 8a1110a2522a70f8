"""One fax on its way, as the dialer's database keeps it."""

from typing import Literal, Self

from schemas.base import CallerId, Frozen, Instant
from schemas.failures import FaxFailure
from schemas.fax import FaxToDial
from schemas.telephony import DialMode

State = Literal[
    "waiting",  # for its next call, due at `due_at`
    "requested",  # telephony was asked for a call, which is over at `due_at`
    "unanswered",  # that call is over, and its result may still come until `due_at`
    "delivered",
    "failed",
    "cancelled",
    "outcome-unknown",
]
OPEN: frozenset[State] = frozenset({"waiting", "requested", "unanswered"})
ASKED: frozenset[State] = frozenset({"requested", "unanswered"})


class Asked(Frozen):
    """What one attempt was asked to send: the pages from `first_page` to the last of `pages`."""

    first_page: int
    pages: int

    @property
    def count(self) -> int:
        """How many those are."""
        return self.pages - self.first_page + 1


class Sending(Frozen):
    """The row. `due_at` is when something happens next if nothing happens before; when it ended, if it has.

    Attributes:
        version: Of the last event about the fax.
        queued_at: When the dialer got it.
        since: When it came into its state.
        attempt: How many calls telephony was asked for.
        dials: How many of them were placed.
        answered: How many of those were answered.
        unstarted: How many in a row were not placed until now.
        first_asked_at: When telephony was first asked.
        heard_at: When telephony last answered about it.
        arrived: Most pages known to have arrived.
        first_page: Where the next call begins, or the one at hand.
        asked: What each attempt was asked to send, in order: pages may be made anew, and calls may resume.
        holds_line: A call may be going on to its destination.
        cancelling: The sender took it back while a call was under way.
        doubtful: Some attempt's end was never told.
        rendered: Its pages were asked for anew, at a coarser resolution.
        again_at: When it is called again once they are there; None: they aren't waited for.
        corrected: A late result has corrected its end.
        failure: Of its last call.
    """

    fax: FaxToDial
    state: State
    version: int
    queued_at: Instant
    since: Instant
    due_at: Instant
    give_up_at: Instant
    attempt: int = 0
    dials: int = 0
    answered: int = 0
    unstarted: int = 0
    first_asked_at: Instant | None = None
    heard_at: Instant | None = None
    arrived: int = 0
    first_page: int = 1
    asked: tuple[Asked, ...] = ()
    mode: DialMode = DialMode()
    holds_line: bool = False
    cancelling: bool = False
    doubtful: bool = False
    rendered: bool = False
    again_at: Instant | None = None
    corrected: bool = False
    failure: FaxFailure | None = None
    station_id: CallerId | None = None

    @classmethod
    def stored(cls, text: str) -> Self:
        """A row from its JSON. One from before `asked` was kept is given it: its calls were all of one document.

        Raises:
            ValidationError: It isn't one.
        """
        row = cls.model_validate_json(text)
        if len(row.asked) >= row.attempt:
            return row
        known = row.asked or (row.next_asked,)
        whole = Asked(first_page=1, pages=row.fax.pages)
        return row.model_copy(update={"asked": (*[whole] * (row.attempt - len(known)), *known)})

    @property
    def next_asked(self) -> Asked:
        """What the next call is asked to send."""
        return Asked(first_page=self.first_page, pages=self.fax.pages)

    @property
    def is_open(self) -> bool:
        """Whether it hasn't ended."""
        return self.state in OPEN
