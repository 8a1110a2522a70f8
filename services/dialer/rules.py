"""The dialer's rules: how often, how fast and how long it tries. Times in seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from schemas.identity import attempt_id
from services.dialer.codes import Retry

CALL_SECONDS: Final = 300
"""Of every call: ringing, negotiation, and pages that are sent again."""

PAGE_SECONDS: Final = 180
"""A dense fine page takes about 170 s at 4,800 bit/s."""


@dataclass(frozen=True)
class Rules:
    """Defaults after HylaFAX: busy 180 s, no answer 300 s, protocol 60 s; 3 answered tries, 12 dials, 3 h.

    Attributes:
        start: How long telephony may take to start a call.
        longest_call: No call is longer, however many pages it sends.
        margin: For clocks that differ.
        answer: How long an attempt whose call must be over waits for its result.
        promises: Telephony starts no call after `not_after`, and none twice.
        redial_unanswered: Call again when nobody knows how an attempt ended. The fax may then arrive twice.
        resume: Telephony can begin at a page other than the first.
        jitter: Up to this part of a delay is added, so that faxes that failed together don't come back together.
        tries: Calls that were answered.
        dials: Calls.
        retry_window: From the first request on, no further call is planned after this.
        give_up: From its arrival on, a fax that found no line waits no longer.
        unstarted: Before asking again when telephony started no call; doubled each time, up to no-answer's delay.
        render: How long pages that are made anew are waited for.
        dead_number: How long a number that surely isn't allocated is remembered; 0: not at all.
        dead_number_once: How long one that was found so once is, for the account that called it.
    """

    start: float = 120
    longest_call: float = 14_400
    margin: float = 60
    answer: float = 3_600
    promises: bool = True
    redial_unanswered: bool = False
    resume: bool = False
    busy: float = 180
    no_answer: float = 300
    protocol: float = 60
    jitter: float = 0.2
    tries: int = 3
    dials: int = 12
    retry_window: float = 10_800
    give_up: float = 86_400
    unstarted: float = 15
    render: float = 600
    dead_number: float = 86_400
    dead_number_once: float = 3_600

    def call_seconds(self, pages: int) -> int:
        """How long a call that sends `pages` may take, in whole seconds."""
        return int(min(CALL_SECONDS + PAGE_SECONDS * pages, self.longest_call))

    def deadline(self, not_after: datetime, pages: int) -> datetime:
        """After this no call that had to start by `not_after` can still go on."""
        return not_after + timedelta(seconds=self.call_seconds(pages) + self.margin)

    def again(self, retry: Retry, fax_id: UUID, attempt: int) -> timedelta:
        """How long after its `attempt`-th call a fax is due again: the same however often it is computed."""
        delay = {"busy": self.busy, "no-answer": self.no_answer}.get(retry, self.protocol)
        return timedelta(seconds=delay * (1 + self.jitter * _fraction(fax_id, attempt)))

    def after_unstarted(self, in_a_row: int, fax_id: UUID, attempt: int) -> timedelta:
        """How long after the `in_a_row`-th attempt that telephony didn't start a fax is due again."""
        delay = min(self.unstarted * 2 ** min(in_a_row - 1, 10), self.no_answer)
        return timedelta(seconds=delay * (1 + self.jitter * _fraction(fax_id, attempt)))


def _fraction(fax_id: UUID, attempt: int) -> float:
    return attempt_id(fax_id, attempt).int % 1000 / 1000
