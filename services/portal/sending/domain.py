"""A fax that somebody prepares: what it says, its files in their order, and what can't be taken. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from schemas.base import Frozen, Instant
from services._runtime.translating import gettext, number
from services.portal.sending.refusals import Refusal

FILES: Final = 30
"""Of one fax, at most; what the API takes."""

BYTES: Final = 50_000_000
"""Of all files together, at most."""

DRAFTS: Final = 10
"""Drafts that a person may have; a further one takes the place of the oldest."""

KEPT: Final = timedelta(hours=24)
"""A draft that nobody changed for so long is thrown away."""

NAME: Final = 60
"""Characters of a file's name that are kept: its end, which tells the kind."""

_MOST: Final[Mapping[str, int]] = {"to": 100, "subject": 500, "cover_text": 10_000}
"""Characters of a field that are kept, more than the API takes: it says what is too long, and nothing typed is lost."""

Resolution = Literal["standard", "fine"]


class DraftFile(Frozen):
    """One file; its bytes lie beside the draft under its id."""

    file_id: str
    name: str
    media_type: str
    size: int

    @property
    def size_words(self) -> str:
        """``1.2 MB``, ``40 KB``."""
        if self.size >= 1e6:  # noqa: PLR2004 - a megabyte
            return gettext("{size} MB").format(size=number(round(self.size / 1e6, 1)))
        return gettext("{size} KB").format(size=number(max(1, round(self.size / 1e3))))


class Draft(Frozen):
    """A fax before it is sent. Each change makes a new `version`; `sent` is the fax that it became."""

    draft_id: UUID
    version: int = 1
    changed_at: Instant
    account_id: str = ""
    to: str = ""
    subject: str = ""
    cover: bool = False
    cover_text: str = ""
    resolution: Resolution = "fine"
    files: tuple[DraftFile, ...] = ()
    sent: UUID | None = None

    @property
    def key(self) -> str:
        """The Idempotency-Key: however often it is sent, it is one fax."""
        return str(self.draft_id)

    def file(self, file_id: str) -> DraftFile | None:
        """One of its files."""
        return next((one for one in self.files if one.file_id == file_id), None)


@dataclass(frozen=True)
class Typed:
    """What a form says, as it was typed; `order` are the ids of files from first to last."""

    account_id: str = ""
    to: str = ""
    subject: str = ""
    cover: bool = False
    cover_text: str = ""
    resolution: str = "fine"
    order: tuple[str, ...] = ()


def typed_into(draft: Draft, typed: Typed) -> Draft:
    """The draft, saying what was typed."""
    place = {file_id: number for number, file_id in enumerate(typed.order)}
    return draft.model_copy(
        update={
            "account_id": typed.account_id or draft.account_id,
            "to": typed.to[: _MOST["to"]],
            "subject": typed.subject[: _MOST["subject"]],
            "cover": typed.cover,
            "cover_text": typed.cover_text.replace("\r\n", "\n")[: _MOST["cover_text"]],
            "resolution": "standard" if typed.resolution == "standard" else "fine",
            "files": tuple(sorted(draft.files, key=lambda one: place.get(one.file_id, len(place)))),
        }
    )


def with_files(draft: Draft, files: Sequence[DraftFile]) -> Draft:
    """The draft with more files, behind those it has."""
    return draft.model_copy(update={"files": (*draft.files, *files)})


def without_file(draft: Draft, file_id: str) -> Draft:
    """The draft without one of its files."""
    return draft.model_copy(update={"files": tuple(one for one in draft.files if one.file_id != file_id)})


def moved(draft: Draft, file_id: str, by: int) -> Draft:
    """The draft with one of its files `by` places further down; at either end it stays."""
    files = list(draft.files)
    here = next((at for at, one in enumerate(files) if one.file_id == file_id), None)
    if here is None:
        return draft
    file = files.pop(here)
    files.insert(max(0, here + by), file)
    return draft.model_copy(update={"files": tuple(files)})


def admitted(draft: Draft, given: Sequence[DraftFile]) -> tuple[tuple[DraftFile, ...], tuple[Refusal, ...]]:
    """Those of the given files that the draft has room for, and why the others are left out."""
    taken: list[DraftFile] = []
    refusals: list[Refusal] = []
    size = sum(one.size for one in draft.files)
    for file in given:
        wrong = _wrong(file, len(draft.files) + len(taken), size)
        if wrong:
            refusals.append(Refusal("files", wrong))
            continue
        taken.append(file)
        size += file.size
    return tuple(taken), tuple(refusals)


def _wrong(file: DraftFile, files: int, size: int) -> str:
    if not file.size:
        return gettext("“{name}” is empty. Save it again, then add it once more.").format(name=file.name)
    if files >= FILES:
        words = gettext("“{name}” was left out: a fax has {files} files at most. Put several into one PDF.")
        return words.format(name=file.name, files=FILES)
    if size + file.size > BYTES:
        words = gettext("“{name}” was left out: a fax has {megabytes} MB at most. Send it in parts.")
        return words.format(name=file.name, megabytes=BYTES // 1_000_000)
    return ""


def short_name(name: str) -> str:
    """The last part of a file's path, its end if it is long, on one line."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return " ".join("".join(one if one.isprintable() else " " for one in last).split())[-NAME:] or "file"


def is_stale(draft: Draft, now: datetime) -> bool:
    """Whether a draft is to be thrown away."""
    return now - draft.changed_at > KEPT
