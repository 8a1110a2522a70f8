"""The accounts as the stages know them: the records on the compacted topic, which only the portal writes."""

from schemas.accounts import FaxAccount
from services._runtime.account_table import AccountRecord, AccountTable
from services._runtime.running import running
from services._runtime.settings import KafkaSettings
from services.cli.errors import Refused


async def records() -> tuple[AccountRecord, ...]:
    """Every number's newest record."""
    async with running(AccountTable(KafkaSettings())) as table:
        return table.records


async def account_of(number: str) -> FaxAccount:
    """The active account of a number.

    Raises:
        Refused: It has none.
    """
    found = next((one for one in await records() if one.fax_number == number), None)
    if not isinstance(found, FaxAccount):
        raise Refused(f"{number} is no fax account. `nativefax accounts list` shows those that are.")
    return found
