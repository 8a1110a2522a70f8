"""From a mail and its sender to the faxes it asks for: pure decisions."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.accounts import FaxAccount
from schemas.identity import mail_fax_id
from services._runtime.destinations import NotDiallable, destination
from services.ingest.email_in.addresses import Destination
from services.ingest.email_in.comments import without_comments
from services.ingest.email_in.reading import FILES, Mail
from services.ingest.email_in.refusals import (
    AUTOMATIC,
    EMAIL_NOT_ENABLED,
    NO_IDENTITY,
    NOTHING_TO_FAX,
    OF_FAILURE,
    SENDER_NOT_ALLOWED,
    TOO_MANY_FILES,
    Refused,
)
from services.ingest.email_in.words import decoded
from services.ingest.smtp.parts import kind
from services.ingest.submission import File, Submission

COVER_TEXT = 4000
"""Characters that a cover page has room for; a longer text becomes pages of its own."""

_LISTS = {"bulk", "junk", "list", "auto_reply"}
NULL_SENDERS = {"", "<>"}


def refuse_automatic(mail: Mail) -> None:
    """Refuse what nobody wrote (RFC 3834, 5): a fax of it, or an answer to it, could go round in circles.

    What a device or a program sends on somebody's behalf (``auto-generated``: scanners) is a fax like any other.

    Raises:
        Refused: It is an automatic reply or a report, or came from a list.
    """
    submitted = _word(mail.field("auto-submitted"))
    precedence = _word(mail.field("precedence"))
    report = kind({"content-type": mail.field("content-type")}) == "multipart/report"
    told = mail.field("list-id") or mail.field("x-autoreply")
    if report or told or submitted in {"auto-replied", "auto-notified"} or precedence in _LISTS:
        raise Refused(AUTOMATIC)


def _word(value: str) -> str:
    return without_comments(value, quoted=False).partition(";")[0].strip().lower()


def account_for(sender: str, accounts: Sequence[FaxAccount]) -> FaxAccount:
    """The account that a sender faxes from: the one whose user they are, else the first of those that allow them.

    Args:
        sender: In lower case.
        accounts: All that know the sender, by number.

    Raises:
        Refused: None allows the sender, or none of those has Email enabled.
    """
    if not accounts:
        raise Refused(SENDER_NOT_ALLOWED)
    enabled = [one for one in accounts if "email" in one.methods]
    if not enabled:
        raise Refused(EMAIL_NOT_ENABLED)
    return next((one for one in enabled if one.primary_user.email.lower() == sender), enabled[0])


def refuse_undiallable(where: Destination, account: FaxAccount) -> None:
    """Refuse a number as soon as its account is known.

    Raises:
        Refused: The account can't dial it.
    """
    try:
        destination(where.number, account)
    except NotDiallable as error:
        raise Refused(OF_FAILURE[error.failure]) from error


@dataclass(frozen=True)
class _Fax:
    where: Destination
    number: str
    refused: Refused | None


def submissions(
    mail: Mail, sender: str, account: FaxAccount, destinations: Sequence[Destination]
) -> tuple[Submission, ...]:
    """One fax for each destination, each once.

    SMTP has one answer for all: if some can be dialled, those that can't are submitted with them, and the router
    refuses each by a mail of its own; if none can, the mail is refused.

    Raises:
        Refused: Nothing of it can be faxed.
    """
    message_id, date = mail.field("message-id"), mail.field("date")
    if not message_id and not date:
        raise Refused(NO_IDENTITY)
    files, cover_text = _pages(mail, account)
    faxes = [_fax(where, account) for where in destinations]
    if faxes[0].refused and all(one.refused for one in faxes):
        raise faxes[0].refused
    found: dict[str, Submission] = {}
    for fax in faxes:
        recipient = f"{fax.number}/T33S={fax.where.subaddress}" if fax.where.subaddress else fax.number
        found[recipient] = Submission(
            fax_id=mail_fax_id(account.account_id, message_id, date, recipient, mail.sha256),
            account=account,
            method="email",
            sender=sender,
            destination=fax.number,
            files=files,
            subject=decoded(mail.field("subject")),
            subaddress=fax.where.subaddress,
            cover=account.cover_page,
            cover_text=cover_text,
            reply_to=sender,
            source_sha256=mail.sha256,
        )
    return tuple(found.values())


def _fax(where: Destination, account: FaxAccount) -> _Fax:
    try:
        return _Fax(where, destination(where.number, account), None)
    except NotDiallable as error:
        return _Fax(where, where.number, Refused(OF_FAILURE[error.failure]))


def _pages(mail: Mail, account: FaxAccount) -> tuple[tuple[File, ...], str]:
    """The files, and the text for the cover page.

    The message's text is a page of its own if nothing else is to be faxed, or if a cover page has no room for it.
    """
    written = File("message.txt", "text/plain", mail.body.encode(errors="replace"))
    if not mail.files and not mail.body:
        raise Refused(NOTHING_TO_FAX)
    if not mail.files:
        return (written,), ""
    if account.cover_page and len(mail.body) > COVER_TEXT:
        if len(mail.files) == FILES:
            raise Refused(TOO_MANY_FILES)
        return (written, *mail.files), ""
    return mail.files, mail.body if account.cover_page else ""
