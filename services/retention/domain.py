"""What is due, what is held, and what becomes of a fax: pure decisions on dates in UTC."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import UUID

from schemas.retention import LONGEST, SHORTEST, RetentionRequested

Verdict = Literal["expire", "keep", "hold", "restore"]
"""What becomes of a fax: it goes, it stays, it is moved below ``held/``, it is moved back."""


@dataclass(frozen=True)
class Facts:
    """What is known of one fax; None where nothing is left that says it.

    A fax that never was decided about is nobody's; `owner_known` is False where a decision is there but can't be read.
    `also` are the scopes of whom it was set aside for, before it was released to its account.
    """

    fax_id: UUID
    accepted_at: datetime | None = None
    account_id: str | None = None
    domain: str | None = None
    owner_known: bool = True
    also: frozenset[str] = frozenset()

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of holds that cover it."""
        named = {"fax": self.fax_id, "account": self.account_id, "domain": self.domain}
        return self.also | {f"{kind}:{name}" for kind, name in named.items() if name is not None}


def due_before(task: RetentionRequested, now: datetime) -> datetime:
    """Faxes accepted before this instant are due: what the task says, but never less than the contract grants.

    A whole day is only ever deleted for the 365 days; named faxes may be of an account with a shorter retention.
    """
    return min(task.due_before, now - (LONGEST if task.fax_ids is None else SHORTEST))


def earliest(*clocks: datetime) -> datetime:
    """The instant to act on when clocks differ: the one by which less is due."""
    return min(clocks)


def begins(day: date) -> datetime:
    """The day's first instant, in UTC."""
    return datetime.combine(day, time(), UTC)


def may_be_due(day: date, bound: datetime) -> bool:
    """Whether a fax of `day` can be due."""
    return begins(day) < bound


def wholly_due(day: date, bound: datetime) -> bool:
    """Whether every fax of `day` is due, whatever the time of day."""
    return begins(day) + timedelta(days=1) <= bound


def is_due(day: date, accepted_at: datetime | None, bound: datetime) -> bool:
    """Whether a fax of `day` is due; one whose instant nobody knows is when all of its day is."""
    return wholly_due(day, bound) or (accepted_at is not None and accepted_at < bound)


def is_gone(day: date, accepted_at: datetime | None, bound: datetime) -> bool:
    """Whether a fax that a task calls one of `day`, where nothing of it is stored, is gone or goes now.

    One whose acceptance is of another day lies there: whoever named it so was mistaken.
    """
    return accepted_at is None or (accepted_at.astimezone(UTC).date() == day and accepted_at < bound)


def verdict(*, due: bool, held: bool, in_place: bool, set_aside: bool) -> Verdict:
    """What becomes of a fax, of which objects are where they were (`in_place`) or below ``held/`` (`set_aside`).

    A lifted fax first comes back; if it is due, it goes at the next sweep.
    """
    if held:
        return "hold" if due and in_place else "keep"
    if set_aside:
        return "restore"
    return "expire" if due else "keep"


def latest_slot(now: datetime, hour: int) -> datetime:
    """The newest planned moment that isn't after `now`: `hour` o'clock UTC, today or yesterday."""
    today = now.astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def days_in(paths: list[str], root: str) -> list[date]:
    """The days of prefixes like ``<root>2025/11/24/``; others are left out."""
    days = []
    for path in paths:
        try:
            days.append(datetime.strptime(path.removeprefix(root), "%Y/%m/%d/").replace(tzinfo=UTC).date())
        except ValueError:
            continue
    return days


def named(path: str, prefix: str) -> UUID | None:
    """The fax id that stands after `prefix` in a key or a prefix of keys."""
    text = path[len(prefix) :].partition("/")[0]
    try:
        fax_id = UUID(text)
    except ValueError:
        return None
    return fax_id if str(fax_id) == text else None


Now = Callable[[], datetime]
