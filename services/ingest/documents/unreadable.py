"""What is said of a document that cannot be read."""

from typing import Final, Literal

Reason = Literal[
    "empty",
    "not-a-tiff",
    "damaged-tiff",
    "too-many-pages",
    "page-too-large",
    "too-large",
    "unsupported-coding",
    "no-readable-page",
    "conversion-timeout",
    "conversion-crashed",
]
"""Every reason a document can be unreadable for; the set is closed, so that a stage can decide on it."""

SENTENCES: Final[dict[Reason, str]] = {
    "empty": "The document has no content.",
    "not-a-tiff": "The document is not a TIFF file.",
    "damaged-tiff": "The document is damaged, and no page of it can be found.",
    "too-many-pages": "The document has more than 350 pages.",
    "page-too-large": "A page of the document is larger than any fax page.",
    "too-large": "The document is larger than 50 MB.",
    "unsupported-coding": "The pages are stored in a form that a fax does not use.",
    "no-readable-page": "Pages were found, but not one row of them can be read.",
    "conversion-timeout": "The document took too long to convert.",
    "conversion-crashed": "The document could not be converted.",
}


class UnreadableDocument(Exception):  # noqa: N818  # it is about the document, not about an error of ours
    """A document of which nothing can be delivered.

    Attributes:
        reason: which of the closed set of reasons it is.
        sentence: the same for a person.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason

    @property
    def sentence(self) -> str:
        """One sentence for a person."""
        return SENTENCES[self.reason]


class UnreadablePage(Exception):  # noqa: N818  # it is about the page, not about an error of ours
    """One page cannot be read; the others may be."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
