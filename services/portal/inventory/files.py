"""Fax accounts from a file, and into one: CSV with a header row in the words of the dialog."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

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
from services.portal.inventory.store import Change, Store
from services.portal.inventory.tables import ACCOUNTS
from services.portal.inventory.views import Account, Imported, RefusedRow, Saved

SECONDS: Final = 120.0
"""For the one transaction of a file."""

AT_ONCE: Final = 100
"""Rows between two reports of progress, in which nothing else of this process runs."""

Progress = Callable[[int, int], None]
"""Told of steps done, of how many: a row is a step when it is decided, and another when it is written."""


def nobody_asks(_done: int, _steps: int) -> None:
    """Progress that nobody wants."""


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
        self, actor: Actor, domain: str, data: bytes, mode: ImportMode, progress: Progress = nobody_asks
    ) -> Imported:
        """Add the accounts of a file to a domain: try only, all or none, or those that can be added.

        One transaction: a file is never there in part because something failed. In a dry run, the secrets of the
        devices are missing.
        """
        actor.must("add-account")
        lines = await asyncio.to_thread(sheets.read, data)

        async def work(change: Change) -> Imported:
            row = await change.lock(domain)
            if isinstance(lines, Refusal):
                return Imported(0, (), (RefusedRow(1, "", (lines,)),), written=False)
            forms = [columns.form_of(domain, one.fields) for one in lines]
            at = await situation(change.connection, row, Named.by(forms, row.region))
            steps = len(lines) * (1 if mode == "dry-run" else 2)
            decided = await _decide(change, at, lines, forms, lambda done: progress(done, steps))
            made = [making.made(one, at, change.at) for one in decided.accepted]
            if mode == "dry-run":
                made = [Saved(one.account) for one in made]
            elif not made or (mode == "all-or-nothing" and decided.refused):
                made = []
            else:
                await _write(change, decided.accepted, made, lambda done: progress(len(lines) + done, steps))
            written = bool(made) and mode != "dry-run"
            return Imported(len(lines), tuple(made), tuple(decided.refused), written)

        return await self.store.change(actor, work, SECONDS)

    async def export_csv(self, actor: Actor, domain: str) -> bytes:
        """A domain's active accounts, as a file that can be imported."""
        actor.must("see-numbers")
        chosen = (ACCOUNTS.c.domain == domain, ACCOUNTS.c.state == "active")

        async def work(connection: AsyncConnection) -> Sequence[Account]:
            await theirs(connection, actor, domain)
            return await rows.accounts(connection, *chosen)

        found = await self.store.read(work)
        return await asyncio.to_thread(lambda: sheets.write(columns.row_of(one) for one in found))


async def _decide(
    change: Change, at: Situation, lines: Sequence[Line], forms: Sequence[AddAccount], done: Callable[[int], None]
) -> _Decided:
    """Row by row, each knowing of those before it."""
    decided = _Decided()
    for count, (line, form) in enumerate(zip(lines, forms, strict=True), 1):
        answer = Refused((line.problem,)) if line.problem else may_add(form, at, change.at)
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
