"""Devices: a one-time code gives a secret; serial number and secret prove a device, the serial alone proves nothing."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final, Protocol

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.accounts import AtaDevice, FaxAccount
from services._runtime.claims import utc_now
from services._runtime.database import inserting, reading, transaction
from services._runtime.enrolment import code_digest
from services._runtime.rates import Buckets
from services.ingest.ata.problems import Refused
from services.ingest.ata.tables import DEVICES

SECRET_BYTES: Final = 32
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when a device was last in touch."""

_NOBODY: Final = secrets.token_hex(32)
"""The hash of nothing that anybody knows, to compare with where there is none."""

_c: Final = DEVICES.c


class Accounts(Protocol):
    """Whose a device is; raises `DependencyAway` when it can't be known."""

    async def find(self, by: Any, value: str) -> tuple[FaxAccount, ...]:
        """The active accounts with a property."""


@dataclass(frozen=True)
class Device:
    """A device that has proved who it is, and whose it is."""

    serial: str
    account: FaxAccount
    proof: str = field(repr=False)
    """SHA-256 of the secret that it showed."""


@dataclass(frozen=True)
class Devices:
    """Enrols, recognises and rotates. Every method raises `DependencyAway` when database or accounts are away."""

    engine: AsyncEngine
    accounts: Accounts
    now: Callable[[], datetime] = utc_now
    by_serial: Buckets = field(default_factory=lambda: Buckets(per_second=1 / 60, burst=10))
    """From one address: whoever guesses from another doesn't keep the device itself from enrolling."""
    by_peer: Buckets = field(default_factory=lambda: Buckets(per_second=1 / 10, burst=30))

    async def enrol(self, serial: str, code: str, peer: str) -> str:
        """The secret of a device that shows its code; the code is used up by that.

        Raises:
            Refused: It isn't the code of this device, or no longer; or too many were tried.
        """
        if wait := self.by_peer.take(peer) or self.by_serial.take(f"{peer} {serial}"):
            raise Refused("too-many-attempts", retry_after=wait)
        account, ata = await self._owner(serial)
        given = code_digest(code)
        matches = compare_digest(given, (ata and ata.enrolment_sha256) or _NOBODY)
        if account is None or ata is None or not matches:
            raise Refused("enrolment-refused")
        if ata.enrolment_until is None or self.now() >= ata.enrolment_until:
            raise Refused("code-expired")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        if not await self._enrolled(serial, account, given, secret):
            raise Refused("code-used")
        return secret

    async def _owner(self, serial: str) -> tuple[FaxAccount, AtaDevice] | tuple[None, None]:
        for account in await self.accounts.find("serial", serial):
            if account.ata is not None and account.ata.serial == serial:
                return account, account.ata
        return None, None

    async def _enrolled(self, serial: str, account: FaxAccount, enrolment: str, secret: str) -> bool:
        """Whether this enrolment is the first with its code."""
        values = {
            "account_id": account.account_id,
            "enrolment_sha256": enrolment,
            "secret_sha256": _hash(secret),
            "previous_sha256": None,
            "enrolled_at": self.now(),
            "seen_at": self.now(),
        }
        async with transaction(self.engine) as connection:
            adding = inserting(connection, DEVICES).values(serial=serial, **values)
            replacing = adding.on_conflict_do_update(
                index_elements=[_c.serial], set_=values, where=_c.enrolment_sha256 != enrolment
            )
            return (await connection.execute(replacing)).rowcount == 1

    async def recognise(self, serial: str, secret: str) -> Device:
        """The device that shows `secret`.

        Raises:
            Refused: Unknown, wrong, replaced or revoked, all alike; or the device may not use the gateway.
        """
        proof = _hash(secret)
        async with reading(self.engine) as connection:
            row = (await connection.execute(select(DEVICES).where(_c.serial == serial))).one_or_none()
        if not _proves(proof, row) or row is None:
            raise Refused("not-authenticated")
        account = await self._account_of(row)
        if account.ata and account.ata.enrolment_sha256 not in {None, row.enrolment_sha256}:
            raise Refused("not-authenticated")  # a new code was made: the old secret ended with that
        await self._seen(row, proof)
        return Device(serial, account, proof)

    async def _account_of(self, row: Row[Any]) -> FaxAccount:
        for account in await self.accounts.find("serial", row.serial):
            if account.account_id == row.account_id and "ata" in account.methods:
                return account
        raise Refused("device-not-allowed")

    async def _seen(self, row: Row[Any], proof: str) -> None:
        """Note the time now and then; a new secret, once used, ends the one before."""
        values: dict[str, object] = {}
        if self.now() - row.seen_at >= SEEN_EVERY:
            values["seen_at"] = self.now()
        if row.previous_sha256 is not None and row.secret_sha256 == proof:
            values["previous_sha256"] = None
        if values:
            unchanged = (_c.serial == row.serial, _c.secret_sha256 == row.secret_sha256)
            async with transaction(self.engine) as connection:
                await connection.execute(update(DEVICES).where(*unchanged).values(values))

    async def rotate(self, device: Device) -> str:
        """A new secret; the one that was shown works until the new one is first used.

        Raises:
            Refused: The secret that was shown has been replaced or revoked meanwhile.
        """
        secret = secrets.token_urlsafe(SECRET_BYTES)
        shown = or_(_c.secret_sha256 == device.proof, _c.previous_sha256 == device.proof)
        change = update(DEVICES).where(_c.serial == device.serial, shown)
        values = {"secret_sha256": _hash(secret), "previous_sha256": device.proof}
        async with transaction(self.engine) as connection:
            if (await connection.execute(change.values(values))).rowcount == 0:
                raise Refused("not-authenticated")
        return secret


async def revoke(engine: AsyncEngine, serial: str) -> bool:
    """End a device's secrets; it enrols again with a new code only. False if it never enrolled.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    change = update(DEVICES).where(_c.serial == serial).values(secret_sha256=None, previous_sha256=None)
    async with transaction(engine) as connection:
        return (await connection.execute(change)).rowcount == 1


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _proves(proof: str, row: Row[Any] | None) -> bool:
    """Compares twice whether there is a device or not, so the time tells nothing."""
    known = [row.secret_sha256, row.previous_sha256] if row else [None, None]
    first, second = (compare_digest(proof, one or _NOBODY) for one in known)
    return first or second
