"""A claim on an effect on the world: whoever holds it may act; what it did is remembered (docs/adr/0002).

Each generation is one object, ``<prefix>1``, ``<prefix>2``…, created with If-None-Match, so only one worker can own
it, and only its owner ever writes it again. A generation is *open* until its lease ends, *done* with a result, or
*released* when its owner knows that nothing happened. The next one may be taken when the last one is over.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services._runtime.blobs import Blobs

JSON = "application/json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str
    lease_until: AwareDatetime
    state: Literal["open", "done", "released"] = "open"
    result: dict[str, str] = {}


@dataclass(frozen=True)
class Completed:
    """The effect was done before; `result` is what it left."""

    result: dict[str, str]


@dataclass(frozen=True)
class Busy:
    """Another worker holds the claim until this moment at most."""

    until: datetime


@dataclass(frozen=True)
class Held:
    """We hold the claim: act once, then `complete` or, knowing that nothing happened, `release`."""

    key: str
    record: _Record
    blobs: Blobs
    unrecorded: "dict[str, Held]" = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """What is claimed: the key without its generation."""
        return self.key.rpartition("/")[0] + "/"

    @property
    def generation(self) -> int:
        """1 for the first owner; more means that an earlier owner died or released."""
        return int(self.key.rsplit("/", 1)[1])

    async def complete(self, result: dict[str, str]) -> None:
        """Remember what the effect left; in this process even while the store is away.

        Raises:
            DependencyAway: The store doesn't answer. The next to take the claim here records it, without acting again.
        """
        done = self.record.model_copy(update={"state": "done", "result": result})
        self.unrecorded[self.prefix] = replace(self, record=done)
        await self._write(done)
        del self.unrecorded[self.prefix]

    async def release(self) -> None:
        """Nothing happened: the next worker needn't wait for the lease to end."""
        await self._write(self.record.model_copy(update={"state": "released"}))

    async def _write(self, record: _Record) -> None:
        await self.blobs.put(self.key, record.model_dump_json().encode(), JSON)


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Claims:
    """Takes claims for one owner (a process). `lease` must be longer than the effect's hard timeout."""

    blobs: Blobs
    owner: str
    lease: timedelta
    now: Callable[[], datetime] = utc_now
    _unrecorded: dict[str, Held] = field(default_factory=dict)

    async def take(self, prefix: str) -> Held | Busy | Completed:
        """Try for the claim whose generations lie below `prefix` (`schemas.keys.claim_prefix`)."""
        if (mine := self._unrecorded.get(prefix)) is not None:
            await mine.complete(mine.record.result)
            return Completed(mine.record.result)
        held = await self._create(prefix, 1)
        while held is None:
            last = max([int(key.rsplit("/", 1)[1]) for key in await self.blobs.keys(prefix)], default=0)
            over = await self._over(f"{prefix}{last}") if last else None
            if over is not None:
                return over
            held = await self._create(prefix, last + 1)
        return held

    async def _create(self, prefix: str, generation: int) -> Held | None:
        key = f"{prefix}{generation}"
        record = _Record(owner=self.owner, lease_until=self.now() + self.lease)
        created = await self.blobs.create(key, record.model_dump_json().encode(), JSON)
        return Held(key, record, self.blobs, self._unrecorded) if created else None

    async def _over(self, key: str) -> Busy | Completed | None:
        raw = await self.blobs.get(key)
        if raw is None:
            return None
        record = _Record.model_validate_json(raw)
        if record.state == "done":
            return Completed(record.result)
        if record.state == "open" and record.lease_until > self.now():
            return Busy(record.lease_until)
        return None
