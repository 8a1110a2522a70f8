"""The table of accounts, as it reads its topic: an outbox that is published again repeats records, in their order."""

from schemas.accounts import FaxAccount, RemovedAccount
from services._runtime.account_table import AccountTable
from services._runtime.publisher import message_of
from services._runtime.settings import KafkaSettings
from tests.unit.records import delivered
from tests.unit.test_routing import NOW, account, removed

GONE = removed(version=3)
NEXT = account(account_id="acc-2", version=1)


def table_of(*records: FaxAccount | RemovedAccount) -> AccountTable:
    table = AccountTable(KafkaSettings(bootstrap="nowhere:1"))
    for offset, one in enumerate(records):
        table.take(delivered(message_of(one, source="portal", at=NOW), offset))
    return table


def test_a_number_that_moved_on_stays_with_its_new_account_though_the_old_ones_records_are_repeated() -> None:
    once = (account(version=2), GONE, NEXT)
    for repeated in range(len(once) + 1):
        assert table_of(*once, *once[:repeated]).records == (NEXT,)


def test_after_compaction_the_last_record_is_all_there_is() -> None:
    assert table_of(NEXT).records == (NEXT,)
    assert table_of(GONE).records == (GONE,)


def test_an_older_record_changes_nothing_and_the_same_again_neither() -> None:
    new = account(version=5, handling="portal")
    assert table_of(new, account(version=4), new).records == (new,)
