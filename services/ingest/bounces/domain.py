"""From a report to the step in the fax's history: pure functions."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.decision import DELETED
from schemas.fax import AtaNoticeRequested, AtaRequested, EmailRequested, FaxStatusChanged
from services._runtime.verp import SentMail, digest
from services.ingest.bounces.report import Report


class _Decided(BaseModel):
    """What of a stored decision is about mails."""

    model_config = ConfigDict(extra="ignore")

    rule: str = ""
    emails: tuple[EmailRequested, ...] = ()
    ata: AtaRequested | None = None
    notice: AtaNoticeRequested | None = None


def is_gone(decision: bytes | None) -> bool:
    """Whether the fax was deleted, by age or by a person: until then its decision lies beside it."""
    if decision is None:
        return True
    decided = _read(decision)
    return decided is not None and decided.rule == DELETED


def request_of(mail: SentMail, decision: bytes | None) -> EmailRequested | None:
    """The request of `mail` among those that the router decided on; None if another stage asked for it."""
    decided = _read(decision) if decision else None
    if decided is None:
        return None
    fallback = decided.ata.fallback if decided.ata else ()
    requests = (*decided.emails, *fallback, *((decided.notice.mail,) if decided.notice else ()))
    return next((one for one in requests if digest(one.recipient) == mail.recipient_digest), None)


def _read(decision: bytes) -> _Decided | None:
    try:
        return _Decided.model_validate_json(decision)
    except ValidationError:
        return None


def forward_of(stored: bytes | None) -> EmailRequested | None:
    """The request of a mail by which somebody forwarded a fax, as it is kept beside the fax."""
    try:
        return EmailRequested.model_validate_json(stored) if stored else None
    except ValidationError:
        return None


def step(mail: SentMail, request: EmailRequested | None, report: Report, arrived: datetime) -> FaxStatusChanged:
    """The step: the same for a report that comes again, for it is dated by the report's own clock.

    A report without a date, or with one that can't be, is dated by its arrival.
    """
    dated = report.dated if report.dated and report.dated <= arrived else arrived
    return FaxStatusChanged(
        fax_id=mail.fax_id,
        version=mail.version + 2,  # one more than that of the step "emailed"
        state="mail-bounced",
        stage="ingest",
        at=max(dated, mail.accepted_at),
        direction="received" if mail.received else "sent",
        accepted_at=mail.accepted_at,
        account_id=request.account_id if request else None,
        fax_number=request.fax_number if request else None,
        other_party=request.other_party if request else None,
        pages=request.pages if request else None,
        pages_announced=request.pages_announced if request else None,
        partial=request.partial if request else None,
        reason="mail-bounced",
        detail=report.detail,
        recipient=request.recipient if request else None,
        forwarded_by=request.forward.by if request and request.forward else None,
    )
