"""The demo's customers: two resellers, each with an account of every inbound handling, and the numbers nobody has.

Every number is of the range kept for fiction (NANPA, 555-0100 to 555-0199).
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from schemas.accounts import AtaDevice, Brand, FaxAccount, Handling, RemovedAccount, User
from services._runtime.account_table import AccountRecord, AccountTable
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings

BLOCKED_CALLER = "+12025550166"
UNKNOWN = "+12025550190"
"""Never an account's."""

NORTHWIND = Brand(
    name="Northwind Voice",
    colour="#1f5fa8",
    portal_host="portal.northwind.example",
    from_address="fax@northwind.example",
    support="+1 202-555-0100",
)
HARBOR = Brand(
    name="Harbor Telecom",
    colour="#0f766e",
    portal_host="fax.harbor.example",
    from_address="faxes@harbor.example",
    support="https://harbor.example/support",
)


def _account(  # noqa: PLR0913 - an account is what it is
    number: str,
    name: str,
    handling: Handling,
    brand: Brand,
    *,
    notify: tuple[str, ...] = (),
    blocked: tuple[str, ...] = (),
    ata: AtaDevice | None = None,
) -> FaxAccount:
    reseller = brand.from_address.rpartition("@")[2]
    domain = "riverside-clinic.example" if brand is NORTHWIND else "pier-law.example"
    return FaxAccount(
        account_id=str(uuid5(NAMESPACE_URL, f"nativefax-demo:{number}")),
        version=1,
        fax_number=number,
        reseller=reseller,
        domain=domain,
        brand=brand,
        primary_user=User(name=name, email=f"{name.lower().replace(' ', '.')}@{domain}"),
        methods=("email", "portal", "ata") if ata else ("email", "portal"),
        handling=handling,
        ata=ata,
        notify=notify,
        blocked_callers=blocked,
        time_zone="America/New_York",
        changed_at=datetime.now(UTC),
    )


def customers() -> dict[str, FaxAccount]:
    """Number → account."""
    manager = ("office.manager@riverside-clinic.example",)
    accounts = (
        _account(
            "+12025550111",
            "Front desk",
            "email-with-attachment",
            NORTHWIND,
            notify=manager,
            blocked=(BLOCKED_CALLER,),
        ),
        _account("+12025550112", "Records", "email-without-attachment", NORTHWIND),
        _account("+12025550113", "Archive", "portal", NORTHWIND),
        _account(
            "+12025550114",
            "Ward 3",
            "email-with-attachment",
            NORTHWIND,
            ata=AtaDevice(device_type="Grandstream HT801", serial="DEMO0001"),
        ),
        _account("+12025550121", "Reception", "email-with-attachment", HARBOR),
        _account("+12025550122", "Paralegals", "email-without-attachment", HARBOR),
        _account("+12025550123", "Files", "portal", HARBOR),
    )
    return {one.fax_number: one for one in accounts}


def former_customer() -> FaxAccount:
    """An account that is removed again before anybody calls its number."""
    return _account("+12025550129", "Closed office", "email-with-attachment", HARBOR)


async def add_customers(publisher: Publisher, code: str) -> dict[str, FaxAccount]:
    """Add every account, or change it back to what it should be, and remove the former one.

    The device of whoever has one may enrol with `code`. Number → account.
    """
    known = await _known()
    gone = _next(former_customer(), known)
    wanted = {number: _next(with_code(one, code), known) for number, one in customers().items()}
    await publisher.publish_events([*wanted.values(), gone, _removed(gone)])
    return wanted


def with_code(account: FaxAccount, code: str) -> FaxAccount:
    """The account whose device may enrol with `code` once."""
    if account.ata is None:
        return account
    until = datetime.now(UTC) + timedelta(days=1)
    enrolling = {"enrolment_sha256": sha256(code.encode()).hexdigest(), "enrolment_until": until}
    return account.model_copy(update={"ata": account.ata.model_copy(update=enrolling)})


async def _known() -> dict[str, AccountRecord]:
    table = AccountTable(KafkaSettings())
    await table.start()
    try:
        return {one.fax_number: one for one in table.records}
    finally:
        await table.stop()


def _next(wanted: FaxAccount, known: dict[str, AccountRecord]) -> FaxAccount:
    now = known.get(wanted.fax_number)
    return wanted.model_copy(update={"version": now.version + 1}) if now else wanted


def _removed(account: FaxAccount) -> RemovedAccount:
    now = datetime.now(UTC)
    return RemovedAccount(
        account_id=account.account_id,
        version=account.version + 1,
        fax_number=account.fax_number,
        reseller=account.reseller,
        domain=account.domain,
        removed_at=now,
        quarantined_until=now + timedelta(days=30),
    )
