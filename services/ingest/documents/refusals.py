"""Why a file can't be faxed, as a closed set, and how that travels inside a conversion."""

from typing import Literal

Refusal = Literal[
    "empty",
    "password-protected",
    "unsupported-format",
    "damaged-document",
    "nothing-to-fax",
    "too-large",
    "too-many-pages",
    "page-too-large",
    "conversion-timeout",
    "conversion-crashed",
]
"""Part of `schemas.failures.FaxFailure`; docs/documents.md says each in words, with its cure."""


class RefusedFile(Exception):  # noqa: N818  # it is about the file, not about an error of ours
    """A file that can't be faxed; it never leaves the conversion."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason: Refusal = reason
