"""What a mail to a bounce address says: that our mail came back, or something that doesn't matter.

The format of reports is RFC 3464 (RFC 6533 in UTF-8) inside RFC 6522; the status codes are RFC 3463. Servers that
don't keep to it write a text in their own words, and then all that is known is that something came back.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from services.ingest.email_in.words import decoded
from services.ingest.smtp.parts import Bounds, Fields, Part, fields, leaves, unix_lines

REPORTS = {"message/delivery-status", "message/global-delivery-status"}
ACTIONS = {"failed", "delayed", "delivered", "relayed", "expanded"}
"""RFC 3464, 2.3.3."""

OTHERS = {"message/disposition-notification", "message/feedback-report"}
"""Reports about other things: that somebody opened a mail (RFC 8098), that somebody complained (RFC 5965)."""

UNDETERMINED = "undetermined"
LONGEST = 150
GROUPS = 100
"""Of one report that are looked at."""

BOUNDS = Bounds(depth=3, parts=60)
"""A report has few parts and short fields."""

Outcome = Literal["bounced", "ignored"]

_STATUS = re.compile(r"(?<![\w.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?!\.?\w)")
"""And no part of a host's address."""

_BLANK = re.compile(rb"\n[ \t]*\n")
_TYPED = re.compile(r"^[A-Za-z0-9-]{1,40}\s*;\s*")
_SYSTEM = re.compile(r"\b(mailer-daemon|postmaster|mail delivery (sub)?system)\b", re.IGNORECASE)
_WARNING = re.compile(r"\b(warning|delayed|delay)\b", re.IGNORECASE)
_REPLIES = ("x-autoreply", "x-autorespond", "x-auto-response-suppress", "x-autoreply-from", "x-mail-autoreply")
_BULK = {"auto_reply", "bulk", "junk", "list"}
_AWAY = re.compile(
    r"\b(out of (the )?office|on vacation|away from my mail|auto(matic|mated)?[ -]?(reply|response)"
    r"|abwesen\w*|automatische antwort|automatisch antwoord|réponse automatique|risposta automatica"
    r"|resp(uesta|osta) automática)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Report:
    """What was understood.

    Attributes:
        outcome: `bounced`, or `ignored` for all that changes nothing.
        detail: A safe line for the fax's history: status code and the server's words; or why it is ignored.
        dated: The mail's own date; None if it has none that can be read.
    """

    outcome: Outcome
    detail: str
    dated: datetime | None = None


def read(content: bytes, *, null_sender: bool) -> Report:
    """Read a mail; any bytes are one.

    Args:
        content: header and body.
        null_sender: it came with ``MAIL FROM:<>``, as reports must (RFC 5321, 4.5.5).
    """
    head, found = leaves(unix_lines(content), BOUNDS)
    parts = list(found)
    reports = [part for part in parts if part.kind in REPORTS]
    if reports:
        outcome, detail = _reported(reports)
    elif any(part.kind in OTHERS for part in parts):
        outcome, detail = "ignored", "a report about something else"
    else:
        outcome, detail = _in_own_words(head, null_sender=null_sender)
    return Report(outcome, detail, _date(head.get("date", "")))


def _reported(reports: list[Part]) -> tuple[Outcome, str]:
    """What the groups of fields say, one for each recipient, after one for the mail as a whole."""
    texts = [unix_lines(part.decoded()) for part in reports]
    groups = [fields(group, BOUNDS) for text in texts for group in _BLANK.split(text, GROUPS)[:GROUPS]]
    recipients = [group for group in groups if "action" in group or "status" in group]
    if not recipients:
        return "bounced", UNDETERMINED
    failed = next((group for group in recipients if _failed(group)), None)
    if failed is None:
        return "ignored", _action(recipients[0]) or "not failed"
    words = decoded(_TYPED.sub("", failed.get("diagnostic-code", "")))
    status = _STATUS.search(failed.get("status", "")) or _STATUS.search(words)
    return "bounced", safe(f"{status[1] if status else '5.0.0'} {words}")


def _failed(group: Fields) -> bool:
    action = _action(group)
    return action == "failed" if action in ACTIONS else group.get("status", "").startswith("5")


def _action(group: Fields) -> str:
    return safe(group.get("action", "")).lower().partition(" ")[0]


def _in_own_words(head: Fields, *, null_sender: bool) -> tuple[Outcome, str]:
    """A mail that is no report in the standard's form.

    A machine that answers on somebody's behalf says so (RFC 3834, 5), or says so in one of the older ways, the oldest
    of which is its subject. Mail systems say so too, and are known by their name, or by naming the recipient that
    failed as Exim and Gmail do. What a system warns of isn't over yet. What none of this tells counts as come back: a
    fax that nobody got is worse than a mark too many.
    """
    system = _SYSTEM.search(head.get("from", "")) or "x-failed-recipients" in head
    if not null_sender:
        return "ignored", "not from a mail system"
    subject = decoded(head.get("subject", ""))
    if system and _WARNING.search(subject):
        return "ignored", "a warning"
    if not system and (_automatic(head) or _AWAY.search(subject)):
        return "ignored", "an automatic reply"
    return "bounced", UNDETERMINED


def _automatic(head: Fields) -> bool:
    submitted = head.get("auto-submitted", "no").lower().partition(";")[0].strip()
    bulk = head.get("precedence", "").strip().lower() in _BULK
    return submitted != "no" or bulk or any(name in head for name in _REPLIES)


def _date(value: str) -> datetime | None:
    try:
        dated = parsedate_to_datetime(value)
        return dated.replace(tzinfo=dated.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def safe(text: str) -> str:
    """A server's words as one line of printable ASCII, at most 150 characters."""
    return "".join(one if " " <= one <= "~" else " " for one in " ".join(text.split()))[:LONGEST].strip()
