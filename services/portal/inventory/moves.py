"""Many numbers at once, into another domain of the reseller or to another primary user: all of them, or none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update

from services.portal.inventory import making, rows, writing
from services.portal.inventory.accounts import free, write_changed, write_new
from services.portal.inventory.actors import Actor
from services.portal.inventory.domain import Situation, user_of
from services.portal.inventory.files import Progress
from services.portal.inventory.forms import MoveForm, PrimaryUser, ReassignForm
from services.portal.inventory.jobs import JobResult
from services.portal.inventory.moving import Batch, Decided, form_refusal, moves, numbers_of, reassigns, result_of
from services.portal.inventory.refusals import Refusal, Refused, refused
from services.portal.inventory.situations import Named, situation
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS, NUMBERS, QUARANTINE
from services.portal.inventory.views import Account
from services.portal.inventory.working import Finish

SECONDS: Final = 120.0
"""For the one transaction of a batch."""


@dataclass(frozen=True)
class Moves:
    """Tries a batch out, or does it if no number is refused. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    async def try_move(self, actor: Actor, domain: str, form: MoveForm) -> JobResult | Refused:
        """What would become of each number; or what is wrong with the form itself."""
        actor.must("change-numbers")

        async def work(change: Change) -> JobResult | Refused:
            if not form.target or form.target == domain:
                return refused("target-missing")
            batch, at = await _read_move(change, domain, form)
            if no := form_refusal(batch.numbers) or (_nobody(form.user, at) if form.goes_on else None):
                return no
            return result_of(moves(batch, form, at, change.at))

        return await self.store.change(actor, work)

    async def move(self, actor: Actor, domain: str, form: MoveForm, progress: Progress, finish: Finish) -> JobResult:
        """Do it; `finish` is the last in its transaction."""
        actor.must("change-numbers")

        async def work(change: Change) -> JobResult:
            batch, at = await _read_move(change, domain, form)
            decided = moves(batch, form, at, change.at)
            result = result_of(decided)
            if not result.refused:
                devices = await _move(change, domain, at, decided, progress)
                result = result.model_copy(update={"written": True, "devices": devices})
            await finish(change, result)
            return result

        return await self.store.change(actor, work, SECONDS)

    async def try_reassign(self, actor: Actor, domain: str, form: ReassignForm) -> JobResult | Refused:
        """Whose each number would be; or what is wrong with the form itself."""
        actor.must("change-account")

        async def work(change: Change) -> JobResult | Refused:
            batch, at = await _read_reassign(change, domain, form)
            if no := form_refusal(batch.numbers) or _nobody(form.user, at, must=True):
                return no
            return result_of(reassigns(batch, form, at))

        return await self.store.change(actor, work)

    async def reassign(
        self, actor: Actor, domain: str, form: ReassignForm, progress: Progress, finish: Finish
    ) -> JobResult:
        """Do it; `finish` is the last in its transaction."""
        actor.must("change-account")

        async def work(change: Change) -> JobResult:
            batch, at = await _read_reassign(change, domain, form)
            decided = reassigns(batch, form, at)
            result = result_of(decided)
            if not result.refused:
                await _reassign(change, decided, progress)
                result = result.model_copy(update={"written": True})
            await finish(change, result)
            return result

        return await self.store.change(actor, work, SECONDS)


def _nobody(user: PrimaryUser, at: Situation, *, must: bool = False) -> Refused | None:
    """Why the named primary user is nobody; none need be named unless one `must`."""
    found = user_of(user, at) if must or user.given else None
    return Refused((found,)) if isinstance(found, Refusal) else None


async def _read_move(change: Change, domain: str, form: MoveForm) -> tuple[Batch, Situation]:
    """The numbers, and the domain where they go. Locks are taken in one order, so two can't wait for one another."""
    locked = {name: await change.lock(name) for name in sorted({domain, form.target})}
    batch = await _read(change, locked[domain], form.numbers, form.target)
    users = (form.user, *(PrimaryUser(email=one.user.email) for one in batch.accounts.values() if one.user))
    return batch, await situation(change.connection, locked[form.target], Named(frozenset(), users, frozenset()))


async def _read_reassign(change: Change, domain: str, form: ReassignForm) -> tuple[Batch, Situation]:
    row = await change.lock(domain)
    named = Named(frozenset(), (form.user,), frozenset())
    return await _read(change, row, form.numbers, domain), await situation(change.connection, row, named)


async def _read(change: Change, row: Any, written: Sequence[str], target: str) -> Batch:
    numbers = numbers_of(written, row.region)
    treatments: dict[str, str] = {}
    accounts: dict[str, Account] = {}
    kept: dict[str, datetime] = {}
    for part in rows.parts(numbers):
        mine = (NUMBERS.c.domain == row.domain, NUMBERS.c.number.in_(part))
        found = await change.connection.execute(select(NUMBERS.c.number, NUMBERS.c.treatment).where(*mine))
        treatments |= {one.number: one.treatment for one in found}
        active = (ACCOUNTS.c.domain == row.domain, ACCOUNTS.c.state == "active", ACCOUNTS.c.number.in_(part))
        accounts |= {one.number: one for one in await rows.accounts(change.connection, *active)}
        others = (QUARANTINE.c.number.in_(part), QUARANTINE.c.domain != target, QUARANTINE.c.until > change.at)
        kept |= {one.number: one.until for one in await change.connection.execute(select(QUARANTINE).where(*others))}
    return Batch(numbers, treatments, accounts, kept)


async def _move(
    change: Change, source: str, at: Situation, decided: Sequence[Decided], progress: Progress
) -> tuple[str, ...]:
    """Write it all; the ids of the accounts whose adapters need a code."""
    steps = len(decided) + 1
    for count, one in enumerate(decided, 1):
        if one.before is not None:
            await free(change, one.before)
        progress(count, steps)
    for part in rows.parts(one.number for one in decided):
        to = update(NUMBERS).where(NUMBERS.c.number.in_(part)).values(domain=at.domain)
        await change.connection.execute(to)
    before, after = {"domain": source}, {"domain": at.domain}
    entries = (
        Entry("number.moved", one.number, name, before, after) for one in decided for name in (source, at.domain)
    )
    await change.record(*entries)
    return await _go_on(change, at, decided)


async def _go_on(change: Change, at: Situation, decided: Sequence[Decided]) -> tuple[str, ...]:
    going = [one.accepted for one in decided if one.accepted is not None]
    for part in rows.parts(one.number for one in going):
        await change.connection.execute(delete(QUARANTINE).where(QUARANTINE.c.number.in_(part)))
    await writing.add_users(change, [one.user for one in going if one.new_user])
    made = [making.made(one, at, change.at).account for one in going]
    if made:
        await write_new(change, made)
    return tuple(one.account_id for one in made if one.device is not None)


async def _reassign(change: Change, decided: Iterable[Decided], progress: Progress) -> None:
    every = [(one.before, one.accepted) for one in decided if one.before is not None and one.accepted is not None]
    for count, (before, accepted) in enumerate(every, 1):
        if accepted.new_user:
            await writing.add_users(change, [accepted.user])
        after = making.changed(before, accepted, change.at).account
        if after is not before:
            await write_changed(change, before, after, "account.changed")
        progress(count, len(every))
