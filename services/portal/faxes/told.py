"""What the page of a fax tells: how it stands, each step, why it is here, what is missing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.decision import Decision
from schemas.fax import FaxState, FaxStatusChanged
from services._runtime.display import party
from services._runtime.history import FaxRow
from services._runtime.incomplete import what_is_missing
from services._runtime.reasons import cure, reason
from services._runtime.translating import N_, gettext
from services.portal.faxes.phrases import PHRASES
from services.portal.faxes.words import Kind, status_of, step_words

Facts = tuple[tuple[str, str], ...]
"""Labels and values, in reading order."""


@dataclass(frozen=True)
class Step:
    """A step of a fax, as a reader is told of it.

    Attributes:
        words: What happened.
        more: Why, or what next; may be empty.
        kind: Chooses its mark.
        at: When.
        facts: The technical detail.
    """

    words: str
    more: str
    kind: Kind
    at: datetime
    facts: Facts


def story(steps: Sequence[FaxStatusChanged], *, reads: bool = True) -> Sequence[Step]:
    """Every step, in the order in which the fax took them; to somebody who `reads` it not, without names of files."""
    told = steps if reads else [_without_file(one) for one in steps]
    in_order = sorted(told, key=lambda one: (one.version, one.at))
    return [_step(one, last=one is in_order[-1]) for one in in_order]


def _without_file(step: FaxStatusChanged) -> FaxStatusChanged:
    """Before it is dialled, the detail of a sent fax names the file that can't be faxed."""
    names = step.direction == "sent" and step.stage in {"ingest", "router"}
    return step.model_copy(update={"detail": ""}) if names else step


def _step(step: FaxStatusChanged, *, last: bool) -> Step:
    facts = (
        (gettext("Stage"), step.stage),
        (gettext("State"), step.state),
        (gettext("Step"), str(step.version)),
        (gettext("Rule"), step.rule or ""),
        (gettext("Reason"), step.reason or ""),
        (gettext("Detail"), PHRASES.say(step.detail)),
        (gettext("Call"), "" if step.seconds is None else gettext("{seconds} s").format(seconds=f"{step.seconds:.0f}")),
        (gettext("Message-ID"), step.message_id or ""),
    )
    kind = status_of(step.direction, step.state).kind
    kind = "plain" if kind == "wait" and not last else kind  # what was waited for has come
    more = _sentence(PHRASES.say(step.detail)) if step.state == "waiting-to-redial" else reason(step.reason)
    return Step(step_words(step), more, kind, step.at, tuple((name, value) for name, value in facts if value))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


_RESULTS: Final[Mapping[FaxState, str]] = {
    "delivered": N_("The other fax machine confirmed every page."),
    "unclaimed": N_("Nobody has the number it was sent to, so it was delivered to nobody. It is kept."),
    "junk": N_("Its caller is blocked, so it was delivered to nobody. It is kept."),
    "mail-failed": N_("The fax is here, but a mail about it did not arrive."),
    "mail-bounced": N_("The fax is here, but a mail about it came back."),
    "mail-deferred": N_("The fax is here. The mail about it has to wait, and is tried again by itself."),
    "waiting-to-redial": N_("The call did not get through. The number is called again by itself."),
    "expired": N_("Its time of keeping is over."),
}


def result(row: FaxRow) -> tuple[str, ...]:
    """How the fax stands, in full sentences: what happened and, if it isn't as hoped, what to do; may be empty."""
    if row.state in _RESULTS:
        return (gettext(_RESULTS[row.state]),)
    if row.state == "unreadable" and row.direction == "received":
        return (*_sentences(row)[:1], gettext("The original is kept. Please ask the sender to send it again."))
    return _sentences(row)


def _sentences(row: FaxRow) -> tuple[str, ...]:
    return tuple(one for one in (reason(row.reason), cure(row.reason)) if one)


def missing(row: FaxRow, decision: Decision | None) -> tuple[str, ...]:
    """What a partial fax lacks, a sentence each; of a whole one, nothing."""
    listed = decision.missing if decision else ()
    return what_is_missing(listed, row.pages or 0, row.pages_announced) if row.partial else ()


def why_here(row: FaxRow, decision: Decision | None) -> Facts:
    """The rule that decided, and by which version of which account; empty before anything is decided."""
    if decision is None:
        return ()
    account, version = decision.account_id or gettext("none"), decision.account_version
    if version:
        account = gettext("{account}, version {version}").format(account=account, version=version)
    number = party(row.fax_number) if row.fax_number else ""
    return (
        (gettext("Why"), PHRASES.say(decision.why)),
        (gettext("Rule"), decision.rule),
        (gettext("Account"), account),
        (gettext("Number"), number),
    )
