"""Acceptance: a fax's content and date, fixed once."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from schemas.identity import colliding_fax_id
from schemas.keys import accepted_key
from services._runtime.acceptance import Acceptance, accept
from services._runtime.outcomes import DependencyAway
from tests.fakes import MemoryBlobs
from tests.unit.records import NOW

FAX_ID = UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7")
ONE, OTHER = "1" * 64, "2" * 64


async def test_the_first_is_accepted_now() -> None:
    blobs = MemoryBlobs()
    assert await accept(blobs, FAX_ID, ONE, lambda: NOW) == Acceptance(FAX_ID, NOW, repeat=False)
    assert list(blobs.objects) == [accepted_key(FAX_ID)]


async def test_a_repeat_keeps_the_first_date() -> None:
    blobs = MemoryBlobs()
    await accept(blobs, FAX_ID, ONE, lambda: NOW)
    later = await accept(blobs, FAX_ID, ONE, lambda: NOW + timedelta(days=3))
    assert later == Acceptance(FAX_ID, NOW, repeat=True)


async def test_another_document_under_the_same_id_is_a_fax_of_its_own() -> None:
    blobs = MemoryBlobs()
    await accept(blobs, FAX_ID, ONE, lambda: NOW)
    collided = await accept(blobs, FAX_ID, OTHER, lambda: NOW + timedelta(hours=1))
    assert collided == Acceptance(
        colliding_fax_id(FAX_ID, OTHER), NOW + timedelta(hours=1), repeat=False, collided=True
    )


async def test_the_collided_one_comes_again() -> None:
    blobs = MemoryBlobs()
    for digest in (ONE, OTHER):
        await accept(blobs, FAX_ID, digest, lambda: NOW)
    again = await accept(blobs, FAX_ID, OTHER, lambda: NOW + timedelta(hours=1))
    assert again == Acceptance(colliding_fax_id(FAX_ID, OTHER), NOW, repeat=True, collided=True)
    assert (await accept(blobs, FAX_ID, ONE, lambda: NOW)).fax_id == FAX_ID


async def test_workers_that_race_agree_on_one_date() -> None:
    blobs = MemoryBlobs()
    moments = [NOW + timedelta(seconds=number) for number in range(5)]
    answers = await asyncio.gather(*(accept(blobs, FAX_ID, ONE, partial(moments.__getitem__, one)) for one in range(5)))
    assert len({answer.accepted_at for answer in answers}) == 1
    assert sum(not answer.repeat for answer in answers) == 1


async def test_an_acceptance_that_vanished_between_two_requests_is_made_again() -> None:
    class Vanishing(MemoryBlobs):
        async def create(self, key: str, data: bytes, media_type: str) -> bool:
            created = await super().create(key, data, media_type)
            if not created:
                del self.objects[key]
            return created

    blobs = Vanishing({accepted_key(FAX_ID): b"{}"})
    assert not (await accept(blobs, FAX_ID, ONE, lambda: NOW)).repeat


class Mute(MemoryBlobs):
    """A store that carries writes out, as `lost` says, and never says so."""

    lost = False

    async def create(self, key: str, data: bytes, media_type: str) -> bool:
        if not self.lost:
            await super().create(key, data, media_type)
        raise DependencyAway("object-store", "TimeoutError")


async def test_a_write_whose_answer_is_lost_counts_if_it_is_there() -> None:
    assert await accept(Mute(), FAX_ID, ONE, lambda: NOW) == Acceptance(FAX_ID, NOW, repeat=True)
    store = Mute()
    store.lost = True
    with pytest.raises(DependencyAway):
        await accept(store, FAX_ID, ONE, lambda: NOW)
