"""Faxes with the same TIFF, with the objects and mails that are theirs; most groups have one fax."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from deploy.local.checker.bitmaps import Page, UnreadableError, pdf_pages, tiff_page_count, tiff_pages
from deploy.local.checker.mails import Mail
from deploy.local.checker.manifest import HandedOver
from deploy.local.checker.stored import StoredFax


@dataclass
class Group:
    """Within a group only recipients tell one fax from another, so mails are counted, not matched."""

    data: bytes
    faxes: list[HandedOver] = field(default_factory=list)
    stored: list[StoredFax] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)

    @cached_property
    def pages(self) -> list[Page]:
        """The TIFF's pages; raises `UnreadableError`."""
        return tiff_pages(self.data)

    def wanting_mail(self) -> Mapping[str, list[HandedOver]]:
        """Recipient → the faxes that one should get a mail about."""
        wanted: dict[str, list[HandedOver]] = defaultdict(list)
        for fax in self.faxes:
            for recipient in fax.recipients:
                wanted[recipient.lower()].append(fax)
        return wanted

    def mails_to(self, recipient: str) -> list[Mail]:
        """The mails about this TIFF that `recipient` got."""
        return [mail for mail in self.mails if mail.recipient.lower() == recipient]

    def fault_of(self, pdf: bytes, fax: HandedOver) -> str | None:
        """What is wrong with `pdf` as the document of `fax`; None if nothing is.

        A whole fax must have every pixel. Of damaged rows each decoder makes what it can, so of a partial fax only
        the pages are counted.
        """
        try:
            made = pdf_pages(pdf)
            arrived = self.pages if fax.end == "delivered" else [None] * tiff_page_count(self.data)
        except UnreadableError as error:
            return str(error)
        if len(made) != len(arrived):
            return f"the PDF has {len(made)} pages instead of {len(arrived)}"
        differ = [number for number, (a, b) in enumerate(zip(made, arrived, strict=True), 1) if b and not a.same_as(b)]
        return f"page {differ[0]} of the PDF differs from the TIFF's" if differ else None


def grouped(faxes: Sequence[HandedOver], stored: Sequence[StoredFax], mails: Sequence[Mail]) -> list[Group]:
    """Every fax with what is its own. A mail belongs to the fax whose stored original its Message-ID leads to."""
    groups: dict[str, Group] = {}
    for fax in faxes:
        data = fax.file.read_bytes()
        groups.setdefault(sha256(data).hexdigest(), Group(data)).faxes.append(fax)
    by_id = {}
    for one in stored:
        if one.original_sha256 in groups:
            groups[one.original_sha256].stored.append(one)
            by_id[one.fax_id] = groups[one.original_sha256]
    for mail in mails:
        if mail.fax_id in by_id:
            by_id[mail.fax_id].mails.append(mail)
    return list(groups.values())


def strays(faxes: Sequence[HandedOver], groups: Sequence[Group], mails: Sequence[Mail]) -> list[Mail]:
    """Mails to somebody we handed a fax over for, about no fax that was handed over."""
    ours = {recipient.lower() for fax in faxes for recipient in fax.recipients}
    known = {id(mail) for group in groups for mail in group.mails}
    return [mail for mail in mails if mail.recipient.lower() in ours and id(mail) not in known]
