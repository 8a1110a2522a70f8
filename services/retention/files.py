"""What the object store says of its objects, in pages and batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

T = TypeVar("T")

LIMIT = 1_000
"""Objects in one page of a listing and in one DeleteObjects request (Amazon S3 API reference)."""


@dataclass(frozen=True, slots=True)
class File:
    """One version of an object, or a delete marker.

    Attributes:
        key: Of the object.
        size: In bytes; 0 for a delete marker.
        etag: A digest of the bytes if the object was written in one piece, else something like it.
        version: None where the bucket keeps no versions.
        latest: Whether a reader gets this one.
        marker: Whether it is a delete marker.
        modified: When it was written, by the store's clock.
    """

    key: str
    size: int = 0
    etag: str = ""
    version: str | None = None
    latest: bool = True
    marker: bool = False
    modified: datetime | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any], *, marker: bool = False) -> Self:
        """From an entry of a listing."""
        return cls(
            entry["Key"],
            entry.get("Size", 0),
            entry.get("ETag", "").strip('"'),
            entry.get("VersionId"),
            entry.get("IsLatest", True),
            marker,
            entry.get("LastModified"),
        )

    @property
    def readable(self) -> bool:
        """Whether a reader of the key gets it."""
        return self.latest and not self.marker

    def same_bytes(self, other: "File") -> bool:
        """Whether size and digest agree; of an object written in pieces the digest tells nothing."""
        in_pieces = "-" in self.etag or "-" in other.etag
        return self.size == other.size and (in_pieces or self.etag == other.etag)

    @property
    def reference(self) -> dict[str, str]:
        """As a DeleteObjects request names it."""
        return {"Key": self.key} if self.version is None else {"Key": self.key, "VersionId": self.version}


@dataclass(frozen=True, slots=True)
class Marker:
    """Where a listing goes on: after `key`, or after `version` of it."""

    key: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Objects in the order of their keys; `more` says where the next page begins."""

    files: list[File]
    more: Marker | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that nobody has finished."""

    key: str
    upload_id: str
    initiated: datetime


def batches(items: Sequence[T], size: int = LIMIT) -> Iterator[Sequence[T]]:
    """`items`, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
