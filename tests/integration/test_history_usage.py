"""Usage by domain, account and month, on SQLite and PostgreSQL: also of faxes that are gone."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.fax import FaxStatusChanged
from schemas.retention import FaxExpired
from services._runtime.database import connect, migrate
from services._runtime.history import History, Usage, Whose
from services.portal.history.adapters import Projection

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
APRIL, MAY, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 5, 6))
DOMAIN = Whose(domain="one.example")


def now() -> datetime:
    return NOW


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    opened = connect(database)
    await migrate(opened, "services._runtime.history")
    yield opened
    await opened.dispose()


def fax(accepted_at: datetime = MAY, account: str | None = "a", **more: Any) -> FaxStatusChanged:
    given: dict[str, Any] = {
        "fax_id": uuid4(),
        "version": 6,
        "state": "delivered",
        "stage": "dialer",
        "at": NOW,
        "direction": "sent",
        "accepted_at": accepted_at,
        "account_id": account,
        "domain": "one.example",
        "reseller": "r",
        "pages": 3,
        "seconds": 60.5,
    }
    return FaxStatusChanged.model_validate(given | more)


def gone(fax_id: UUID, accepted_at: datetime) -> FaxExpired:
    return FaxExpired(fax_id=fax_id, accepted_at=accepted_at, expired_at=NOW, objects=1, size=1)


def usage(month: datetime, account: str | None, direction: Any, faxes: int, pages: int, seconds: float) -> Usage:
    return Usage("one.example", account, month.date(), direction, faxes, pages, seconds)


FAXES = (
    fax(APRIL),
    fax(MAY - timedelta(microseconds=1)),
    fax(MAY),
    fax(MAY, state="failed", pages=9, seconds=20),
    fax(MAY, direction="received", state="emailed", pages=4, seconds=None),
    fax(MAY, "b", direction="received", state="routed"),
    fax(MAY, None, direction="received", state="unclaimed", pages=1, seconds=5),
    fax(MAY, "z", domain="two.example"),
    fax(MAY, None, domain=None, reseller=None, direction="received", state="unclaimed"),
)
OF_APRIL = [usage(APRIL, "a", "sent", 2, 6, 121.0)]
OF_MAY = [
    usage(MAY, None, "received", 1, 1, 5.0),
    usage(MAY, "a", "received", 1, 4, 0.0),
    usage(MAY, "a", "sent", 1, 3, 80.5),
    usage(MAY, "b", "received", 1, 3, 60.5),
]


async def test_usage_by_account_month_and_direction(engine: AsyncEngine) -> None:
    history = History(engine)
    await Projection(engine, now).write(FAXES)
    assert await history.usage(DOMAIN, MAY, JUNE) == OF_MAY
    assert await history.usage(DOMAIN, APRIL, MAY) == OF_APRIL
    by_account = sorted((*OF_APRIL, *OF_MAY), key=lambda one: (one.account_id or "", one.month, one.direction))
    assert await history.usage(DOMAIN, datetime(2025, 6, 1, tzinfo=UTC), JUNE) == by_account
    assert await history.usage(Whose(accounts=("b", "c")), MAY, JUNE) == OF_MAY[-1:]
    of_reseller = await history.usage(Whose(reseller="r"), MAY, JUNE)
    assert [one.domain for one in of_reseller] == ["one.example"] * 4 + ["two.example"]
    assert await history.usage(Whose(), MAY, JUNE) == ()
    assert await history.usage(DOMAIN, MAY, MAY) == ()


async def test_what_is_gone_stays_on_the_bill(engine: AsyncEngine) -> None:
    """Half of the faxes go, one after the other and one of them twice; the sums are the same."""
    projection, history = Projection(engine, now), History(engine)
    await projection.write(FAXES)
    for one in (*FAXES[::2], FAXES[0]):
        await projection.remove([gone(one.fax_id, one.accepted_at)])
    await projection.remove([gone(uuid4(), MAY)])
    assert await history.fax(FAXES[0].fax_id) is None
    assert await history.usage(DOMAIN, MAY, JUNE) == OF_MAY
    assert await history.usage(DOMAIN, APRIL, MAY) == OF_APRIL
    await projection.remove([gone(one.fax_id, one.accepted_at) for one in FAXES])
    assert await history.usage(DOMAIN, MAY, JUNE) == OF_MAY
    assert await history.usage(DOMAIN, MAY + timedelta(days=1), JUNE) == []


@pytest.mark.parametrize(("days", "faxes"), [(395, 1), (397, 0)])
async def test_a_month_is_told_of_until_all_of_it_is_a_year_old(engine: AsyncEngine, days: int, faxes: int) -> None:
    """Its first day is kept for 365 days and the 31 of the longest month."""
    await Projection(engine, now).write(FAXES[:1])
    await Projection(engine, now).remove([gone(FAXES[0].fax_id, APRIL)])
    await Projection(engine, lambda: APRIL + timedelta(days=days)).remove([gone(uuid4(), MAY)])
    assert sum(one.faxes for one in await History(engine).usage(DOMAIN, APRIL, MAY)) == faxes


async def test_more_accounts_and_months_than_one_union_takes(engine: AsyncEngine) -> None:
    accounts = tuple(f"account-{number}" for number in range(30))
    await Projection(engine, now).write([fax(APRIL, account) for account in accounts])
    told = await History(engine).usage(Whose(accounts=accounts), datetime(2025, 6, 1, tzinfo=UTC), JUNE)
    assert [(one.account_id, one.month) for one in told] == [
        (account, date(2026, 4, 1)) for account in sorted(accounts)
    ]


async def test_usage_is_of_whole_days(engine: AsyncEngine) -> None:
    with pytest.raises(ValueError, match="whole days"):
        await History(engine).usage(DOMAIN, MAY, NOW)
