"""How a fax stands, from its steps: pure functions. Steps may come repeated and in any order."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from schemas.fax import FaxState, FaxStatusChanged
from schemas.record import Record
from services._runtime.history import FaxRow

Identity = tuple[int, str, FaxState, str]
"""Version, stage, state, recipient: what makes two tellings the same step."""

Kept = dict[Identity, FaxStatusChanged]

ATTENTION: Final[dict[FaxState, int]] = {"mail-failed": 2, "mail-bounced": 2, "mail-deferred": 1}
"""Of several recipients, whose trouble a person should see first."""

TELLING: Final[frozenset[FaxState]] = frozenset({*ATTENTION, "emailed", "at-device", "printed"})
"""Steps of bringing the fax, or a receipt, to one recipient; the others are steps of the fax itself."""


UNDERWAY: Final[frozenset[FaxState]] = frozenset(
    {"accepted", "ready", "dialling", "waiting-to-redial", "mail-deferred", "at-device"}
)
"""States after which another is sure to come."""


def has_ended(row: FaxRow) -> bool:
    """Whether the fax has come to an end for now: nothing more need happen, though something may.

    A received fax that was routed may be mailed next, or may stay in the portal; nobody can tell from the row.
    """
    return row.state not in UNDERWAY and (row.direction, row.state) != ("sent", "routed")


def record_of(steps: Collection[FaxStatusChanged]) -> Record:
    """What is kept beside the fax whose kept `steps` these are; at least one."""
    row = row_of(steps)
    return Record(
        fax_id=row.fax_id,
        direction=row.direction,
        accepted_at=row.accepted_at,
        state=row.state,
        steps=tuple(sorted(steps, key=_order)),
    )


def identity(step: FaxStatusChanged) -> Identity:
    """What a repeat of `step` has in common with it."""
    return step.version, step.stage, step.state, step.recipient or ""


def kept_after(kept: Kept, step: FaxStatusChanged) -> Kept:
    """`kept` with `step`. A stage that was killed repeats a step with a later time: the earliest telling stays."""
    before = kept.get(identity(step))
    if before is not None and _telling(before) <= _telling(step):
        return kept
    return {**kept, identity(step): step}


def row_of(steps: Collection[FaxStatusChanged]) -> FaxRow:
    """How the fax stands whose kept `steps` these are; at least one.

    A sent fax stands as its own newest step says: the receipt, mailed or bounced, is only told of in its steps.
    A received fax stands as it was routed, or as it reached its recipients since; trouble with one of them shows,
    however well the others fared. An unreadable fax stays unreadable though its mail arrived, and an expired one
    expired. Mails by which somebody forwarded a fax say nothing of how it stands. Each detail is the newest that was
    said of it.
    """
    newest_first = sorted(steps, key=_order, reverse=True)
    decided = _deciding(newest_first)
    return FaxRow(
        fax_id=decided.fax_id,
        account_id=_said(newest_first, "account_id"),
        direction=decided.direction,
        state=decided.state,
        accepted_at=min(step.accepted_at for step in steps),
        updated_at=max(step.at for step in steps),
        version=newest_first[0].version,
        fax_number=_said(newest_first, "fax_number"),
        other_party=_said(newest_first, "other_party"),
        pages=_said(newest_first, "pages"),
        pages_announced=_said(newest_first, "pages_announced"),
        partial=bool(_said(newest_first, "partial")),
        reason=decided.reason,
        rule=_said(newest_first, "rule"),
        reseller=_said(newest_first, "reseller"),
        domain=_said(newest_first, "domain"),
        seconds=_line_time(steps),
    )


def _deciding(every: Sequence[FaxStatusChanged]) -> FaxStatusChanged:
    newest_first = [step for step in every if step.forwarded_by is None] or every
    own = next((step for step in newest_first if step.state not in TELLING), None)
    expired = next((step for step in newest_first if step.state == "expired"), None)
    if expired or (own and (own.direction == "sent" or own.state == "unreadable")):
        return expired or own  # type: ignore[return-value]
    told = _newest_of_each_recipient(step for step in newest_first if own is None or step.version > own.version)
    return max(told, key=_attention, default=own or next(iter(newest_first)))


def _newest_of_each_recipient(newest_first: Iterable[FaxStatusChanged]) -> Collection[FaxStatusChanged]:
    found: dict[tuple[str, str], FaxStatusChanged] = {}
    for step in newest_first:
        found.setdefault(("ata" if step.state in {"at-device", "printed"} else "mail", step.recipient or ""), step)
    return found.values()


def _attention(step: FaxStatusChanged) -> tuple[Any, ...]:
    return (ATTENTION.get(step.state, 0), *_order(step))


def _order(step: FaxStatusChanged) -> tuple[Any, ...]:
    """By version, then by time; the rest only makes it the same order for everybody."""
    return (step.version, step.at, *identity(step))


def _telling(step: FaxStatusChanged) -> tuple[Any, ...]:
    """Of two of one moment, the one that tells whose the fax is; the rest only makes it the same for everybody."""
    return step.at, step.reseller is None, step.model_dump_json()


def _line_time(steps: Collection[FaxStatusChanged]) -> float | None:
    told = [step.seconds for step in steps if step.seconds is not None]
    return sum(sorted(told)) if told else None  # in one order for everybody: sums of floats depend on it


def _said(newest_first: Collection[FaxStatusChanged], name: str) -> Any:
    return next((value for step in newest_first if (value := getattr(step, name)) is not None), None)
