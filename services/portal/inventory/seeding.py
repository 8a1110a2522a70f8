"""What a fresh machine and the tests begin with: a reseller, a customer, its users and free numbers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import uuid5

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.accounts import Brand
from schemas.identity import NAMESPACE
from services._runtime.claims import utc_now
from services._runtime.database import transaction
from services.portal.inventory.tables import BRANDS, DOMAINS, NUMBERS, RESELLERS, USERS
from services.portal.inventory.views import User
from services.portal.inventory.writing import user_row

DOMAIN: Final = "clinic.example"
MAXIMUM: Final = 5
NUMBERS_OF_DOMAIN: Final = tuple(f"+120255501{one:02}" for one in range(1, 13))
"""Numbers that are kept for fiction (NANP: 555-0100 to 555-0199)."""

PEOPLE: Final = (
    ("1001", "Front Desk", "front.desk@clinic.example", "user"),
    ("1002", "Ada Okafor", "ada.okafor@clinic.example", "manager"),
    ("1003", "Ben Ruiz", "ben.ruiz@clinic.example", "user"),
    ("1004", "Records", "records@clinic.example", "user"),
)


async def seed(
    engine: AsyncEngine,
    reseller: str = "reseller",
    portal_host: str = "portal.reseller.example",
    now: Callable[[], datetime] = utc_now,
) -> bool:
    """Write it into a migrated database that has no reseller yet; False if it has one, and nothing is written.

    Raises:
        DependencyAway: The database doesn't answer.
    """
    async with transaction(engine) as connection:
        if await connection.scalar(select(RESELLERS.c.reseller).limit(1)) is not None:
            return False
        await _reseller(connection, reseller, portal_host)
        await _customer(connection, reseller, now())
    return True


async def _reseller(connection: AsyncConnection, reseller: str, portal_host: str) -> None:
    brand = Brand(name="Your Fax Service", portal_host=portal_host, from_address="fax@reseller.example")
    face = {"reseller": reseller, "portal_host": portal_host.casefold(), "brand": brand.model_dump_json()}
    await connection.execute(insert(RESELLERS), [{"reseller": reseller, "white_label": True}])
    await connection.execute(insert(BRANDS), [face])


async def _customer(connection: AsyncConnection, reseller: str, at: datetime) -> None:
    domain = {"domain": DOMAIN, "reseller": reseller, "maximum": MAXIMUM, "region": "US"}
    await connection.execute(insert(DOMAINS), [domain])
    await connection.execute(insert(USERS), [_person(reseller, at, *one) for one in PEOPLE])
    numbers = [{"number": one, "domain": DOMAIN, "treatment": "available"} for one in NUMBERS_OF_DOMAIN]
    numbers[-1]["treatment"], numbers[-2]["treatment"] = "queue", "user"  # two that can't be taken
    await connection.execute(insert(NUMBERS), numbers)


def _person(reseller: str, at: datetime, extension: str, name: str, email: str, role: Any) -> dict[str, Any]:
    user_id = str(uuid5(NAMESPACE, email))
    return user_row(User(user_id, reseller, DOMAIN, extension, name, email, role, fax_only=False), at)
