"""The demo's customers: two resellers, each with a domain that has an account of every inbound handling.

Every number is of the range kept for fiction (NANPA, 555-0100 to 555-0199).
"""

from dataclasses import dataclass, field
from typing import Any, Final

from schemas.accounts import Brand, Handling

BLOCKED_CALLER = "+12025550166"
UNKNOWN = "+12025550190"
"""Never an account's."""


@dataclass(frozen=True)
class Reseller:
    """A reseller with one customer.

    Attributes:
        name: What it is called.
        owner: The email of its first person.
        brand: Its face.
        domain: Its customer.
        manager: The email of the customer's office manager.
    """

    name: str
    owner: str
    brand: Brand
    domain: str
    manager: str


NORTHWIND: Final = Reseller(
    name="northwind.example",
    owner="owner@northwind.example",
    brand=Brand(
        name="Northwind Voice",
        colour="#1f5fa8",
        portal_host="portal.northwind.example",
        from_address="fax@northwind.example",
        support="+1 202-555-0100",
    ),
    domain="riverside-clinic.example",
    manager="office.manager@riverside-clinic.example",
)
HARBOR: Final = Reseller(
    name="harbor.example",
    owner="owner@harbor.example",
    brand=Brand(
        name="Harbor Telecom",
        colour="#0f766e",
        portal_host="fax.harbor.example",
        from_address="faxes@harbor.example",
        support="https://harbor.example/support",
    ),
    domain="pier-law.example",
    manager="office.manager@pier-law.example",
)
RESELLERS: Final = (NORTHWIND, HARBOR)


@dataclass(frozen=True)
class Customer:
    """A fax account of the demo, as it is asked for."""

    number: str
    name: str
    handling: Handling
    reseller: Reseller
    notify: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    ata: dict[str, str] | None = field(default=None, hash=False)

    @property
    def email(self) -> str:
        """The primary user's."""
        return f"{self.name.lower().replace(' ', '.')}@{self.reseller.domain}"

    def fields(self) -> dict[str, Any]:
        """What of it can be changed, as the portal's API takes it."""
        settings = {"notify": self.notify, "blocked_callers": self.blocked, "time_zone": "America/New_York"}
        return {
            "primary_user": {"name": self.name, "email": self.email},
            "methods": ["email", "portal", "ata"] if self.ata else ["email", "portal"],
            "handling": self.handling,
            "settings": settings,
            **({"ata": self.ata} if self.ata else {}),
        }


_ALL: Final = (
    Customer(
        "+12025550115",
        "Front desk",
        "email-with-attachment",
        NORTHWIND,
        notify=(NORTHWIND.manager,),
        blocked=(BLOCKED_CALLER,),
    ),
    Customer("+12025550116", "Records", "email-without-attachment", NORTHWIND),
    Customer("+12025550117", "Archive", "portal", NORTHWIND),
    Customer(
        "+12025550118",
        "Ward 3",
        "email-with-attachment",
        NORTHWIND,
        ata={"device_type": "Grandstream HT801", "serial": "DEMO0001"},
    ),
    Customer("+12025550121", "Reception", "email-with-attachment", HARBOR),
    Customer("+12025550122", "Paralegals", "email-without-attachment", HARBOR),
    Customer("+12025550123", "Files", "portal", HARBOR),
)
CUSTOMERS: Final = {one.number: one for one in _ALL}
"""Number → account."""

FORMER: Final = Customer("+12025550129", "Closed office", "email-with-attachment", HARBOR)
"""An account that is removed again before anybody calls its number."""
