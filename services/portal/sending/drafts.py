"""Drafts in the object store, below ``drafts/<person>/<draft>/``.

A draft is a row of versions that are never overwritten: ``versions/000001.json`` and so on. The next one is written
only if nobody else wrote it, so of two changes at once none is lost. The bytes of its files lie beside under their ids,
and the pages of its last preview.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from pydantic import ValidationError

from schemas.keys import DRAFTS as ROOT
from services._runtime.blobs import Blobs
from services._runtime.claims import JSON, utc_now
from services.portal.sending.domain import DRAFTS, Draft, DraftFile, admitted, is_stale, short_name, with_files
from services.portal.sending.refusals import Refusal

_ID_BYTES: Final = 6

Edit = Callable[[Draft], Draft]


@dataclass(frozen=True)
class Given:
    """A file as it was uploaded."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Drafts:
    """The drafts of everybody. Each method raises `DependencyAway` when the store doesn't answer."""

    blobs: Blobs
    now: Callable[[], datetime] = utc_now

    def blank(self) -> Draft:
        """A draft that is kept nowhere yet."""
        return Draft(draft_id=uuid4(), changed_at=self.now())

    async def begin(self, person: str, edit: Edit = lambda draft: draft) -> Draft:
        """A new draft. The oldest makes place for it if there are many."""
        for old in (await self.of(person))[DRAFTS - 1 :]:
            await self.drop(person, old.draft_id)
        draft = edit(self.blank())
        await self._write(person, draft)
        return draft

    async def find(self, person: str, draft_id: UUID) -> Draft | None:
        """A draft of somebody as it is now; None if they have none of that id."""
        return await self._latest(_folder(person, draft_id))

    async def of(self, person: str) -> Sequence[Draft]:
        """Somebody's drafts that aren't sent yet, the latest first."""
        found = [await self._latest(one) for one in await self.blobs.folders(f"{ROOT}{person}/")]
        return sorted((one for one in found if one and not one.sent), key=lambda one: one.changed_at, reverse=True)

    async def change(self, person: str, draft_id: UUID, edit: Edit) -> Draft | None:
        """The draft as `edit` makes it of what it is now; None if it is gone. `edit` may be called again."""
        while (draft := await self.find(person, draft_id)) is not None:
            edited = edit(draft)
            if edited == draft:
                return draft
            changed = edited.model_copy(update={"version": draft.version + 1, "changed_at": self.now()})
            if await self._write(person, changed):
                return changed
        return None

    async def add(
        self, person: str, draft_id: UUID, given: Sequence[Given]
    ) -> tuple[Draft | None, tuple[Refusal, ...]]:
        """The draft with more files, and why some were left out."""
        named = [
            DraftFile(file_id=_file_id(), name=short_name(one.name), media_type=one.media_type, size=len(one.data))
            for one in given
        ]
        data = {file.file_id: one.data for file, one in zip(named, given, strict=True)}
        draft = await self.find(person, draft_id)
        if draft is None or not named:
            return draft, ()
        taken, refusals = admitted(draft, named)
        for file in taken:
            await self.blobs.put(_file(person, draft_id, file.file_id), data[file.file_id], file.media_type)
        return await self.change(person, draft_id, lambda now: with_files(now, admitted(now, taken)[0])), refusals

    async def content(self, person: str, draft: Draft) -> Sequence[Given] | None:
        """Its files with their bytes, in order; None if one of them is gone."""
        read = (self.blobs.get(_file(person, draft.draft_id, one.file_id)) for one in draft.files)
        data = await asyncio.gather(*read)
        return (
            [
                Given(file.name, file.media_type, one)
                for file, one in zip(draft.files, data, strict=True)
                if one is not None
            ]
            if None not in data
            else None
        )

    async def keep_preview(self, person: str, draft: Draft, pdf: bytes, pages: int) -> None:
        """Keep the pages of this version, instead of those of another."""
        for old in await self.blobs.keys(f"{_folder(person, draft.draft_id)}preview/"):
            await self.blobs.delete(old)
        await self.blobs.put(preview_key(person, draft, pages), pdf, "application/pdf")

    async def previewed(self, person: str, draft: Draft) -> int | None:
        """How many pages this version has, if they are made."""
        begins = f"{_folder(person, draft.draft_id)}preview/{draft.version:06}-"
        made = [
            key for key in await self.blobs.keys(f"{_folder(person, draft.draft_id)}preview/") if key.startswith(begins)
        ]
        return int(made[0].removeprefix(begins).removesuffix(".pdf")) if made else None

    async def hand_over(self, person: str, draft: Draft, account_id: str) -> str | None:
        """Remember from which account the draft is handed over; from which it was before, if it was."""
        key = _handed_over(person, draft)
        if await self.blobs.create(key, account_id.encode(), "text/plain"):
            return None
        before = await self.blobs.get(key)
        return before.decode() if before else None

    async def take_back(self, person: str, draft: Draft) -> None:
        """It was refused: it may be handed over from another account."""
        await self.blobs.delete(_handed_over(person, draft))

    async def end(self, person: str, draft_id: UUID, fax_id: UUID) -> None:
        """Remember which fax it became, for whoever sends it once more; its files are the fax's now."""
        await self.change(person, draft_id, lambda draft: draft.model_copy(update={"sent": fax_id}))
        for key in await self.blobs.keys(_folder(person, draft_id)):
            if "/versions/" not in key:
                await self.blobs.delete(key)

    async def drop(self, person: str, draft_id: UUID) -> None:
        """Throw it away."""
        await self._drop(_folder(person, draft_id))

    async def sweep(self) -> int:
        """Throw away what nobody changed for a day; how many there were."""
        dropped = 0
        for person in await self.blobs.folders(ROOT):
            for folder in await self.blobs.folders(person):
                if await self._is_over(folder):
                    await self._drop(folder)
                    dropped += 1
        return dropped

    async def _is_over(self, folder: str) -> bool:
        """Whether a draft is stale, or what is left of one. What can't be read is another release's to judge."""
        draft = await self._latest(folder)
        if draft is None:
            return not await self.blobs.keys(f"{folder}versions/")
        return is_stale(draft, self.now())

    async def _drop(self, folder: str) -> None:
        keys = await self.blobs.keys(folder)
        for key in sorted(keys, key=lambda one: "/versions/" in one):  # a draft cut off half way is still swept
            await self.blobs.delete(key)

    async def _latest(self, folder: str) -> Draft | None:
        versions = await self.blobs.keys(f"{folder}versions/")
        stored = await self.blobs.get(versions[-1]) if versions else None
        try:
            return Draft.model_validate_json(stored) if stored else None
        except ValidationError:  # of another release
            return None

    async def _write(self, person: str, draft: Draft) -> bool:
        key = f"{_folder(person, draft.draft_id)}versions/{draft.version:06}.json"
        return await self.blobs.create(key, draft.model_dump_json().encode(), JSON)


def _folder(person: str, draft_id: UUID) -> str:
    return f"{ROOT}{person}/{draft_id}/"


def _handed_over(person: str, draft: Draft) -> str:
    return f"{_folder(person, draft.draft_id)}handed-over-from"


def preview_key(person: str, draft: Draft, pages: int) -> str:
    """Where the pages of a draft's version are; there are so many."""
    return f"{_folder(person, draft.draft_id)}preview/{draft.version:06}-{pages}.pdf"


def _file(person: str, draft_id: UUID, file_id: str) -> str:
    return f"{_folder(person, draft_id)}files/{file_id}"


def _file_id() -> str:
    return secrets.token_hex(_ID_BYTES)
