"""The demo's other direction: what users submit, by every way in, and what should become of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from deploy.local.checker.manifest import Submitted
from deploy.local.telephony.scripted import SHELF
from schemas.accounts import FaxAccount
from services.cli.demo import calls
from services.cli.demo.printing import page_of
from services.cli.send import By
from services.cli.submitting import Outgoing

FILES = SHELF / "submitted"
LETTER, PHOTO, NOTE, LOCKED = (FILES / name for name in ("letter.pdf", "photo.jpg", "note.txt", "locked.pdf"))
THREE_PAGES, TYPED = SHELF / "pages" / "three_pages.tif", SHELF / "pages" / "itu1.tif"

HTML = "<html><body><h2>Appointment</h2><p>Your appointment is on <b>Monday at 9:40</b>.</p></body></html>"

UNALLOCATED, REJECTED, TOLD_TWICE, TOLD_LATE = ("+12025550162", "+12025550163", "+12025550180", "+12025550181")
"""See `deploy.local.telephony.far_ends`."""


@dataclass(frozen=True)
class Planned:
    """One submission.

    Attributes:
        what: For people.
        by: The way in.
        sender: The account's number.
        to: As the user writes it.
        files: In their order.
        pages: Of which the fax will have so many.
        number: The number that `to` means.
        end: What should become of it.
    """

    what: str
    by: By
    sender: str
    to: str
    files: tuple[Path, ...]
    pages: int
    number: str
    end: Literal["sent", "failed", "refused"] = "sent"
    text: str = ""
    html: str = ""

    def outgoing(self) -> Outgoing:
        """As the user has it."""
        return Outgoing(self.files, self.to, self.what, self.text, self.html)

    def submitted(self, fax_id: UUID, account: FaxAccount, printed: Path) -> Submitted:
        """What the checker is told; pages about faxes from a fax machine lie in `printed`."""
        on_paper = self.by is By.ATA and self.end != "sent"
        return Submitted(
            name=f"{self.what} by {self.by}",
            fax_id=fax_id,
            way=self.by.value,
            destination=None if self.end == "refused" else self.number,
            pages=self.pages,
            end=self.end,
            told=None if on_paper else account.primary_user.email,
            page=page_of(fax_id, printed) if on_paper else None,
        )


MAIL, LINK, DEVICE, HARBOR = calls.NORTHWIND_MAIL, calls.NORTHWIND_LINK, calls.NORTHWIND_ATA, calls.HARBOR_MAIL

SUBMISSIONS = (
    Planned("A letter", By.API, MAIL, "+1 202-555-0131", (LETTER,), 2, "+12025550131"),
    Planned("A photo", By.API, LINK, "(202) 555-0132", (PHOTO,), 1, "+12025550132"),
    Planned(
        "A note and a letter with a cover page",
        By.API,
        MAIL,
        "202 555 0133",
        (NOTE, LETTER),
        4,
        "+12025550133",
        text="Please call back.",
    ),
    Planned("A message without a file", By.EMAIL, HARBOR, "+12025550134", (), 1, "+12025550134", html=HTML),
    Planned("A scan and a photo", By.EMAIL, MAIL, "+12025550135", (THREE_PAGES, PHOTO), 4, "+12025550135"),
    Planned("A page", By.ATA, DEVICE, "2025550136", (TYPED,), 1, "+12025550136"),
    Planned("Three pages", By.ATA, DEVICE, "12025550137", (THREE_PAGES,), 3, "+12025550137"),
    Planned("A letter to the same number", By.EMAIL, LINK, "+12025550137", (LETTER,), 2, "+12025550137"),
    Planned("A letter, of which telephony tells twice", By.API, MAIL, TOLD_TWICE, (LETTER,), 2, TOLD_TWICE),
    Planned("A letter, of which telephony tells late", By.EMAIL, MAIL, TOLD_LATE, (LETTER,), 2, TOLD_LATE),
    Planned("A letter to nobody", By.API, LINK, UNALLOCATED, (LETTER,), 2, UNALLOCATED, "failed"),
    Planned("A page that is rejected", By.ATA, DEVICE, REJECTED, (TYPED,), 1, REJECTED, "failed"),
    Planned("A locked file", By.EMAIL, MAIL, "+12025550138", (LOCKED,), 0, "+12025550138", "refused"),
)
