"""The verdict: what arrived, what is lost, what came twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from deploy.local.checker.group import Group, grouped, strays
from deploy.local.checker.links import Fetch, document_behind, wrongly_served
from deploy.local.checker.mails import Mail
from deploy.local.checker.manifest import HandedOver
from deploy.local.checker.sent import Sent
from deploy.local.checker.stored import StoredFax


@dataclass(frozen=True)
class World:
    """What the checker looks at, and what it needs to make a link of its own."""

    mails: Sequence[Mail]
    stored: Sequence[StoredFax]
    get: Fetch
    links_secret: str
    links_days: int


@dataclass
class Verdict:
    """The JSON line, and beside it why it isn't ok.

    Attributes:
        ok: Nothing is wrong: no problem of any kind was found.
        received: Faxes handed over; the same one handed over again counts once.
        emailed: Mails whose attached PDF is the fax: pixel by pixel, page by page for partial ones.
        linked: Mails whose link leads to a PDF that is the fax.
        portal_only: Faxes whose original, right document and thumbnail are stored, and that nobody got a mail about.
        partial: Faxes that came in part and whose mails say so; of a portal-only fax nobody outside can tell.
        lost: Faxes missing in the store, or whose mail is missing.
        duplicates: Mails, or stored faxes, beyond one for each fax and recipient.
        t30_calls: Faxes of T.30 calls placed for this run.
        scripted_calls: Faxes of stored calls.
        submitted: Faxes that users submitted; for the rest see `deploy.local.checker.sent.Sent`.
    """

    ok: bool = True
    received: int = 0
    emailed: int = 0
    linked: int = 0
    portal_only: int = 0
    partial: int = 0
    lost: int = 0
    duplicates: int = 0
    t30_calls: int = 0
    scripted_calls: int = 0
    submitted: int = 0
    dialled: int = 0
    sent: int = 0
    sent_by_t30: int = 0
    failed: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)

    def line(self) -> dict[str, object]:
        """The JSON line's content."""
        return {name: value for name, value in vars(self).items() if name != "problems"}

    def add(self, submitted: int, sent: Sent) -> None:
        """Count the other direction in."""
        self.submitted = submitted
        for name in ("dialled", "sent", "sent_by_t30", "failed", "refused"):
            setattr(self, name, getattr(sent, name))
        self.lost += sent.lost
        self.duplicates += sent.duplicates
        for problem in sent.problems:
            self.wrong(problem)

    def wrong(self, problem: str) -> None:
        """Note a problem."""
        self.ok = False
        self.problems.append(problem)


def judge(faxes: Sequence[HandedOver], world: World, about_others: Sequence[UUID] = ()) -> Verdict:
    """Look at everything that was received, and count; `about_others` are the faxes that other mails are about."""
    verdict = Verdict(received=len(faxes))
    verdict.t30_calls = sum(fax.call == "t30" for fax in faxes)
    verdict.scripted_calls = sum(fax.call == "scripted" for fax in faxes)
    groups = grouped(faxes, world.stored, world.mails)
    for group in groups:
        _Judgement(group, world, verdict).pass_()
    for mail in strays(faxes, groups, [mail for mail in world.mails if mail.fax_id not in about_others]):
        verdict.wrong(f"a mail to {mail.recipient} is about no fax that was handed over: {mail.subject}")
    return verdict


@dataclass
class _Judgement:
    """The judgement on one group."""

    group: Group
    world: World
    verdict: Verdict
    lost: set[str] = field(default_factory=set)
    unsound: set[str] = field(default_factory=set)

    def pass_(self) -> None:
        self._store()
        self._mails()
        for fax in self.group.faxes:
            self._count(fax)
        self.verdict.lost += len(self.lost)

    def _store(self) -> None:
        """Each fax has its objects, and its document is right."""
        faxes, stored = self.group.faxes, self.group.stored
        for fax in faxes[len(stored) :]:
            self._lose(fax, "is not in the store")
        if len(stored) > len(faxes):
            self.verdict.duplicates += len(stored) - len(faxes)
            self.verdict.wrong(f"{faxes[0].name} is stored {len(stored)} times for {len(faxes)} faxes")
        for fax, found in zip(faxes, stored, strict=False):
            for problem in self._stored_wrong(fax, found):
                self._lose(fax, problem)

    def _stored_wrong(self, fax: HandedOver, found: StoredFax) -> Iterator[str]:
        if fax.end == "set-aside":
            if "document.pdf" in found.names:
                yield "has a document, and it should be unreadable"
        elif not found.complete:
            yield f"has only {', '.join(sorted(found.names))} in the store"
        elif fault := self.group.fault_of(found.document(), fax):
            yield f"is stored wrong: {fault}"

    def _mails(self) -> None:
        """Each recipient has one right mail for each fax."""
        wanted = self.group.wanting_mail()
        for recipient, faxes in wanted.items():
            mails = self.group.mails_to(recipient)
            for fax in faxes[len(mails) :]:
                self._lose(fax, f"has no mail to {recipient}")
            if len(mails) > len(faxes):
                self.verdict.duplicates += len(mails) - len(faxes)
                self.verdict.wrong(f"{faxes[0].name}: {len(mails)} mails to {recipient} instead of {len(faxes)}")
            for fax, mail in zip(faxes, mails, strict=False):
                for problem in self._mail_wrong(fax, mail):
                    self._mistrust(fax, f"the mail to {recipient} {problem}")
        for mail in self.group.mails:
            if mail.recipient.lower() not in wanted:
                silent = next((fax for fax in self.group.faxes if not fax.recipients), self.group.faxes[0])
                self._mistrust(silent, f"there is a mail to {mail.recipient}, who should get none")

    def _mail_wrong(self, fax: HandedOver, mail: Mail) -> Iterator[str]:
        if mail.says_incomplete != (fax.end == "partial"):
            yield "says that it is incomplete" if mail.says_incomplete else "does not say that it is incomplete"
        if fax.end == "set-aside":
            if mail.pdfs or mail.links:
                yield "offers a document, and it should be unreadable"
        elif fax.way == "attachment":
            yield from self._attachment_wrong(fax, mail)
        else:
            yield from self._link_wrong(fax, mail)

    def _attachment_wrong(self, fax: HandedOver, mail: Mail) -> Iterator[str]:
        if len(mail.pdfs) != 1 or mail.links:
            yield f"has {len(mail.pdfs)} PDFs and {len(mail.links)} links instead of one PDF"
        elif fault := self.group.fault_of(mail.pdfs[0], fax):
            yield f"has the wrong attachment: {fault}"
        else:
            self.verdict.emailed += 1

    def _link_wrong(self, fax: HandedOver, mail: Mail) -> Iterator[str]:
        if len(mail.links) != 1 or mail.pdfs:
            yield f"has {len(mail.links)} links and {len(mail.pdfs)} PDFs instead of one link"
            return
        document = document_behind(mail.links[0], self.world.get)
        fault = self.group.fault_of(document, fax) if document is not None else "nothing is served"
        if fault:
            yield f"has a link that leads to the wrong document: {fault}"
            return
        self.verdict.linked += 1
        yield from wrongly_served(mail.links[0], self.world.links_secret, self.world.links_days, self.world.get)

    def _count(self, fax: HandedOver) -> None:
        if fax.name in self.lost or fax.name in self.unsound:
            return
        self.verdict.partial += fax.end == "partial" and bool(fax.recipients)
        self.verdict.portal_only += fax.way == "portal" and fax.end != "set-aside"

    def _lose(self, fax: HandedOver, problem: str) -> None:
        self.lost.add(fax.name)
        self.verdict.wrong(f"{fax.name} {problem}")

    def _mistrust(self, fax: HandedOver, problem: str) -> None:
        self.unsound.add(fax.name)
        self.verdict.wrong(f"{fax.name}: {problem}")
