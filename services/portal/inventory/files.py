"""Fax accounts from a file, and into one: CSV with a header row in the words of the dialog."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.inventory import columns, making, rows, sheets, writing
from services.portal.inventory.accounts import write_new
from services.portal.inventory.actors import Actor
from services.portal.inventory.domain import Accepted, Situation, may_add
from services.portal.inventory.forms import AddAccount, ImportMode
from services.portal.inventory.reading import theirs
from services.portal.inventory.refusals import Refusal, Refused
from services.portal.inventory.sheets import Line
from services.portal.inventory.situations import Named, situation
from services.portal.inventory.store import Change, Entry, Store
from services.portal.inventory.tables import ACCOUNTS
from services.portal.inventory.views import Account, Imported, RefusedRow, Saved

SECONDS: Final = 120.0
"""For the one transaction of a file."""

AT_ONCE: Final = 100
"""Rows between two reports of progress, in which nothing else of this process runs."""

Progress = Callable[[int, int], None]
"""Told of steps done, of how many: a row is a step when it is decided, and another when it is written."""


Finish = Callable[[Change, Imported], Awaitable[None]]
"""Called last within the transaction."""


def nobody_asks(_done: int, _steps: int) -> None:
    """Progress that nobody wants."""


async def nothing_more(_change: Change, _done: object) -> None:
    """Nothing else belongs into the transaction."""


@dataclass
class _Decided:
    """What becomes of the rows."""

    accepted: list[Accepted] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)


@dataclass(frozen=True)
class Files:
    """Mass import and export. Raises `NotAllowed`, `NotThere` and `DependencyAway`."""

    store: Store

    def template(self) -> bytes:
        """A file to begin with: the header row, and a row as an example."""
        return sheets.write([columns.EXAMPLE])

    async def import_csv(
        self,
        actor: Actor,
        domain: str,
        data: bytes,
        mode: ImportMode,
        progress: Progress = nobody_asks,
        finish: Finish = nothing_more,
    ) -> Imported:
        """Add the accounts of a file to a domain: try only, all or none, or those that can be added.

        One transaction, in which `finish` is the last: a file is never there in part because something failed. A dry
        run locks nothing and calls no `finish`; the secrets of its devices are missing.
        """
        actor.must("add-account")
        lines = await asyncio.to_thread(sheets.read, data)
        if mode == "dry-run":
            return await self._tried(actor, domain, lines, progress)

        async def work(change: Change) -> Imported:
            row = await change.lock(domain)
            done = await _taken(change, row, lines, mode, progress)
            await finish(change, done)
            return done

        return await self.store.change(actor, work, SECONDS)

    async def _tried(
        self, actor: Actor, domain: str, lines: tuple[Line, ...] | Refusal, progress: Progress
    ) -> Imported:
        async def read(connection: AsyncConnection) -> tuple[Sequence[AddAccount], Situation]:
            row = await theirs(connection, actor, domain)
            forms = [] if isinstance(lines, Refusal) else [columns.form_of(domain, one.fields) for one in lines]
            return forms, await situation(connection, row, Named.by(forms, row.region))

        forms, at = await self.store.read(read)
        if isinstance(lines, Refusal):
            return _unreadable(lines)
        now = self.store.now()
        decided = await _decide(at, now, lines, forms, lambda done: progress(done, len(lines)))
        made = tuple(Saved(making.made(one, at, now).account) for one in decided.accepted)
        return Imported(len(lines), made, tuple(decided.refused), written=False)

    async def export_csv(self, actor: Actor, domain: str) -> bytes:
        """A domain's active accounts, as a file that can be imported. That it was asked for is in the audit log."""
        actor.must("see-numbers")
        chosen = (ACCOUNTS.c.domain == domain, ACCOUNTS.c.state == "active")

        async def work(change: Change) -> Sequence[Account]:
            await theirs(change.connection, actor, domain)
            found = await rows.accounts(change.connection, *chosen)
            await change.record(Entry("account.exported", domain, domain, after={"accounts": len(found)}))
            return found

        found = await self.store.change(actor, work)
        return await asyncio.to_thread(lambda: sheets.write(columns.row_of(one) for one in found))


async def _taken(
    change: Change, domain: Any, lines: tuple[Line, ...] | Refusal, mode: ImportMode, progress: Progress
) -> Imported:
    if isinstance(lines, Refusal):
        return _unreadable(lines)
    forms = [columns.form_of(domain.domain, one.fields) for one in lines]
    at = await situation(change.connection, domain, Named.by(forms, domain.region))
    steps = len(lines) * 2
    decided = await _decide(at, change.at, lines, forms, lambda done: progress(done, steps))
    if not decided.accepted or (mode == "all-or-nothing" and decided.refused):
        return Imported(len(lines), (), tuple(decided.refused), written=False)
    made = [making.made(one, at, change.at) for one in decided.accepted]
    await _write(change, decided.accepted, made, lambda done: progress(len(lines) + done, steps))
    return Imported(len(lines), tuple(made), tuple(decided.refused), written=True)


def _unreadable(why: Refusal) -> Imported:
    return Imported(0, (), (RefusedRow(1, "", (why,)),), written=False)


async def _decide(
    at: Situation, now: datetime, lines: Sequence[Line], forms: Sequence[AddAccount], done: Callable[[int], None]
) -> _Decided:
    """Row by row, each knowing of those before it."""
    decided = _Decided()
    for count, (line, form) in enumerate(zip(lines, forms, strict=True), 1):
        answer = Refused((line.problem,)) if line.problem else may_add(form, at, now)
        if isinstance(answer, Refused):
            decided.refused.append(RefusedRow(line.line, form.number.strip()[:64], answer.refusals))
        else:
            at.learn(answer)
            decided.accepted.append(answer)
        if count % AT_ONCE == 0 or count == len(lines):
            done(count)
            await asyncio.sleep(0)
    return decided


async def _write(
    change: Change, accepted: Sequence[Accepted], made: Sequence[Saved], done: Callable[[int], None]
) -> None:
    await writing.add_users(change, [one.user for one in accepted if one.new_user])
    count = 0
    for part in rows.parts(made):
        await write_new(change, [one.account for one in part])
        count += len(part)
        done(count)
