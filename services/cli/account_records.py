"""The accounts on the compacted topic, as the commands read and change them, until the Manager Portal does."""

from datetime import UTC, datetime, timedelta

from schemas.accounts import FaxAccount, RemovedAccount
from services._runtime.account_table import AccountRecord, AccountTable
from services._runtime.publisher import Publisher
from services._runtime.settings import KafkaSettings
from services.cli.errors import Refused

QUARANTINE = timedelta(days=30)
"""How long a removed number is kept from other customers."""


async def records() -> tuple[AccountRecord, ...]:
    """Every number's newest record."""
    table = AccountTable(KafkaSettings())
    await table.start()
    try:
        return table.records
    finally:
        await table.stop()


async def account_of(number: str) -> FaxAccount:
    """The active account of a number.

    Raises:
        Refused: It has none.
    """
    found = next((one for one in await records() if one.fax_number == number), None)
    if not isinstance(found, FaxAccount):
        raise Refused(f"{number} is no fax account. `nativefax accounts list` shows those that are.")
    return found


async def put(wanted: FaxAccount) -> FaxAccount:
    """Add `wanted`, or change the account that has its number; secrets it has keep working.

    Raises:
        Refused: The number is kept from other customers.
    """
    now = next((one for one in await records() if one.fax_number == wanted.fax_number), None)
    if isinstance(now, FaxAccount):
        same_device = now.ata and wanted.ata and now.ata.serial == wanted.ata.serial
        kept = {"api_tokens": now.api_tokens, "ata": now.ata if same_device else wanted.ata}
        wanted = wanted.model_copy(update={"account_id": now.account_id, "version": now.version + 1, **kept})
    elif now is not None and now.quarantined_until > datetime.now(UTC) and now.domain != wanted.domain:
        raise Refused(
            f"{now.fax_number} was {now.domain}'s and is kept from others until {now.quarantined_until:%Y-%m-%d}."
        )
    await _publish(wanted)
    return wanted


async def change(number: str, **changes: object) -> FaxAccount:
    """Change some fields of the account of a number.

    Raises:
        Refused: It has none.
    """
    now = await account_of(number)
    changed = now.model_copy(update={"version": now.version + 1, "changed_at": datetime.now(UTC), **changes})
    await _publish(changed)
    return changed


async def take_away(number: str) -> None:
    """Remove the account of a number.

    Raises:
        Refused: It has none.
    """
    now = await account_of(number)
    moment = datetime.now(UTC)
    await _publish(
        RemovedAccount(
            account_id=now.account_id,
            version=now.version + 1,
            fax_number=number,
            reseller=now.reseller,
            domain=now.domain,
            removed_at=moment,
            quarantined_until=moment + QUARANTINE,
        )
    )


async def _publish(record: AccountRecord) -> None:
    publisher = Publisher(KafkaSettings(), source="cli", confirm_seconds=20)
    await publisher.start()
    try:
        await publisher.publish_events([record])
    finally:
        await publisher.stop()
