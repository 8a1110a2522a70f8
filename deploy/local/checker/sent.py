"""The other direction: what the far ends took, what they were sent, and who was told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from deploy.local.checker.bitmaps import UnreadableError, tiff_pages
from deploy.local.checker.mails import Mail
from deploy.local.checker.manifest import Submitted
from deploy.local.telephony import journal, kept

SUBJECTS = {"sent": "Delivered:", "failed": "Not delivered:", "refused": "Not sent:"}


@dataclass
class Sent:
    """What became of the submitted faxes.

    Attributes:
        dialled: Faxes for which a far end saw a call.
        sent: Faxes whose every page a far end has, pixel by pixel as it was to be sent, from exactly one call.
        sent_by_t30: Those of `sent` whose call was a real T.30 call.
        failed: Faxes that should fail, and did, without a whole copy at any far end.
        refused: Faxes that should be refused, and for which no phone rang.
        lost: Faxes that should have arrived and didn't, or whose sender wasn't told.
        duplicates: Whole copies, and mails, beyond the first.
        problems: What is wrong, for people.
    """

    dialled: int = 0
    sent: int = 0
    sent_by_t30: int = 0
    failed: int = 0
    refused: int = 0
    lost: int = 0
    duplicates: int = 0
    problems: list[str] = field(default_factory=list)


def judge_sent(
    faxes: Sequence[Submitted], folder: Path, mails: Sequence[Mail], dialled: Callable[[UUID], bytes | None]
) -> Sent:
    """Look at each fax; `dialled` gives the pages that were to be sent."""
    verdict = Sent()
    calls = list(kept.calls(folder))
    for fax in faxes:
        mine = [call for call in calls if call.fax_id == fax.fax_id]
        verdict.dialled += bool(mine)
        _pages(fax, mine, dialled(fax.fax_id), verdict)
        _mails(fax, [mail for mail in mails if mail.fax_id == fax.fax_id], verdict)
    for call in journal.violations(folder / "calls.jsonl"):
        verdict.problems.append(f"{call['destination']} was called while it was in a call")
    return verdict


def _pages(fax: Submitted, calls: Sequence[kept.Kept], sent: bytes | None, verdict: Sent) -> None:
    whole = [call for call in calls if call.file is not None and sent and same_pages(call.file.read_bytes(), sent)]
    if len(whole) > 1:
        verdict.duplicates += len(whole) - 1
        verdict.problems.append(f"{fax.name} arrived {len(whole)} times")
    match fax.end:
        case "sent" if whole and len(tiff_pages(sent or b"")) == fax.pages:
            verdict.sent += 1
            verdict.sent_by_t30 += whole[0].both is not None
        case "sent":
            verdict.lost += 1
            verdict.problems.append(f"{fax.name}: no far end has all of its {fax.pages} pages ({len(calls)} calls)")
        case "failed" if not whole:  # a number that is known to be none isn't called again
            verdict.failed += 1
        case "refused" if not calls:
            verdict.refused += 1
        case _:
            verdict.problems.append(f"{fax.name} should be {fax.end}: {len(calls)} calls, {len(whole)} whole copies")


def _mails(fax: Submitted, mails: Sequence[Mail], verdict: Sent) -> None:
    if fax.page and not _is_a_page(fax.page):
        verdict.lost += 1
        verdict.problems.append(f"{fax.name}: its fax machine printed no page that it is {fax.end}")
    right = [mail for mail in mails if fax.told and mail.recipient.lower() == fax.told.lower()]
    right = [mail for mail in right if mail.subject.startswith(SUBJECTS[fax.end])]
    if fax.told and not right:
        verdict.lost += 1
        verdict.problems.append(f"{fax.name}: {fax.told} was not told that it is {fax.end}")
    if len(right) > 1:
        verdict.duplicates += len(right) - 1
    verdict.problems += [
        f"{fax.name}: a mail too many, {one.subject!r}" for one in mails if all(one is not first for first in right[:1])
    ]


def _is_a_page(file: Path) -> bool:
    try:
        return len(tiff_pages(file.read_bytes())) == 1
    except (OSError, UnreadableError):
        return False


def same_pages(taken: bytes, sent: bytes) -> bool:
    """Whether a far end's TIFF has the pages that were sent, pixel by pixel."""
    try:
        ours, theirs = tiff_pages(sent), tiff_pages(taken)
    except UnreadableError:
        return False
    return len(ours) == len(theirs) and all(a.same_as(b) for a, b in zip(ours, theirs, strict=True))
