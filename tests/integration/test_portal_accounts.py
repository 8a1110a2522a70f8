"""Fax accounts in the portal's database: added, changed, removed, refused, audited, published. On both kinds."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from schemas.accounts import FaxAccount, RemovedAccount
from services._runtime.database import connect, migrate, transaction
from services.portal.inventory.actors import NotThere
from services.portal.inventory.forms import ChangeAccount, PrimaryUser, UserForm
from services.portal.inventory.seeding import DOMAIN, seed
from services.portal.inventory.tables import ACCOUNTS, METADATA, NUMBERS, RESELLERS
from services.portal.inventory.views import Account, Domain, User
from tests.integration.inventory_world import (
    ATA,
    MANAGER,
    RESELLER,
    STRANGER,
    World,
    codes,
    form,
    move_number,
    of_number,
    saved,
    world,
)
from tests.integration.inventory_world import NUMBERS as FREE
from tests.providers.migrated import differences


@pytest.fixture
async def portal(database: str) -> AsyncIterator[World]:
    async with world(database) as made:
        yield made


async def takeable(portal: World, domain: str = DOMAIN) -> set[str]:
    told = await portal.inventory.lists.numbers(RESELLER, domain)
    return {one.number for one in told.numbers if one.takeable}


async def changed(portal: World, account: Account, **fields: Any) -> Any:
    form = ChangeAccount(account.account_id, account.version, **fields)
    return await portal.inventory.accounts.change(RESELLER, form)


async def test_the_migrations_make_the_tables_that_the_code_names(database: str) -> None:
    engine = connect(database)
    await migrate(engine, "services.portal")
    await migrate(engine, "services.portal")
    found = await differences(engine, METADATA)
    mine = [one for one in found if _table(one[1]) in METADATA.tables]  # the pages' tables are in the same database
    assert mine == []
    assert await seed(engine)
    assert not await seed(engine)
    await engine.dispose()


def _table(thing: Any) -> str:
    """The table that a difference is about."""
    return str(getattr(getattr(thing, "table", thing), "name", thing))


async def test_an_added_account_shows_at_once_and_is_published(portal: World) -> None:
    account = (await portal.added()).account
    assert (await portal.inventory.lists.accounts(MANAGER, DOMAIN)) == (account,)
    assert account.user is not None
    assert (account.user.name, account.version, account.state) == ("Front Desk", 1, "active")
    told = await portal.inventory.lists.numbers(RESELLER, DOMAIN)
    assert told.usage.words == "1 of 5 fax numbers used"
    assert account.number not in await takeable(portal)
    (record,) = await portal.published()
    assert isinstance(record, FaxAccount)
    assert (record.account_id, record.fax_number, record.version) == (account.account_id, account.number, 1)
    assert record.primary_user.email == "front.desk@clinic.example"
    assert record.brand.name == "Your Fax Service"


async def test_a_maximum_of_one_admits_one(portal: World) -> None:
    await portal.inventory.numbers.set_maximum(RESELLER, DOMAIN, 1)
    await portal.added(FREE[0])
    assert codes(await portal.inventory.accounts.add(RESELLER, form(FREE[1]))) == ("maximum-reached",)
    told = await portal.inventory.lists.numbers(RESELLER, DOMAIN)
    assert told.hindrance is not None
    assert told.usage.words == "1 of 1 fax number used"


@pytest.mark.parametrize(("maximum", "admitted"), [(0, 0), (2, 2), (None, 4)])
async def test_the_maximum_is_never_exceeded(portal: World, maximum: int | None, admitted: int) -> None:
    await portal.inventory.numbers.set_maximum(RESELLER, DOMAIN, maximum)
    answers = [await portal.inventory.accounts.add(RESELLER, form(one)) for one in FREE[:4]]
    assert sum(hasattr(one, "account") for one in answers) == admitted


async def test_what_is_refused_changes_nothing(portal: World) -> None:
    wrong = form("+12025550199", methods=(), user=PrimaryUser(written="nobody"), serial="1")
    assert set(codes(await portal.inventory.accounts.add(RESELLER, wrong))) == {
        "number-unknown",
        "user-unknown",
        "no-method",
    }
    assert codes(await portal.inventory.accounts.add(RESELLER, form(FREE[-1]))) == ("number-not-available",)
    assert await portal.published() == []
    assert await portal.inventory.audit.entries(RESELLER, DOMAIN) == ()


async def test_only_white_label_access_may_add(portal: World) -> None:
    async with transaction(portal.engine) as connection:
        await connection.execute(update(RESELLERS).values(white_label=False))
    answer = await portal.inventory.accounts.add(RESELLER, form())
    assert codes(answer) == ("not-white-label",)
    assert await takeable(portal) == set()


async def test_a_new_email_makes_a_fax_only_user_and_a_known_one_does_not(portal: World) -> None:
    somebody = PrimaryUser(name="Bo Chen", email="Bo.Chen@elsewhere.example")
    first = (await portal.added(FREE[0], user=somebody)).account.user
    again = (await portal.added(FREE[1], user=replace(somebody, email="bo.chen@ELSEWHERE.example"))).account.user
    known = (await portal.added(FREE[2], user=PrimaryUser(name="x", email="records@clinic.example"))).account.user
    assert first is not None
    assert first.fax_only
    assert first == again
    assert known is not None
    assert (known.extension, known.fax_only) == ("1004", False)
    assert [one.name for one in await portal.inventory.lists.users(MANAGER, DOMAIN, "bo")] == ["Bo Chen"]


async def test_a_serial_number_belongs_to_one_account(portal: World) -> None:
    first = (await portal.added(FREE[0], serial="20 AB-cd", **ATA)).account
    taken = form(FREE[1], serial="20abCD", **ATA)
    assert codes(await portal.inventory.accounts.add(RESELLER, taken)) == ("serial-taken",)
    saved(await portal.inventory.accounts.remove(RESELLER, first.account_id, 1))
    await portal.added(FREE[1], serial="20abCD", **ATA)
    assert [one.device.serial for one in await portal.inventory.lists.devices(MANAGER, DOMAIN)] == ["20abCD"]


async def test_an_enrolment_code_is_shown_once_and_only_its_hash_is_kept(portal: World) -> None:
    done = await portal.added(serial="20ABCD", **ATA)
    assert done.secret is not None
    assert done.account.device is not None
    (record,) = await portal.published()
    assert record.ata.enrolment_sha256 == sha256(done.secret.text.encode()).hexdigest()
    assert record.ata.enrolment_until == portal.at + timedelta(days=7)
    assert done.secret.text not in repr(done)
    assert done.secret.text.encode() not in portal.topics.messages[0].value  # type: ignore[operator]
    renewed = saved(await portal.inventory.secrets.new_code(MANAGER, done.account.account_id))
    assert renewed.secret is not None
    assert renewed.account.version == 2
    told = await portal.inventory.audit.entries(MANAGER, DOMAIN)
    assert record.ata.enrolment_sha256 not in repr(told)


async def test_each_change_is_a_version_and_no_change_is_none(portal: World) -> None:
    account = (await portal.added(serial="20ABCD", **ATA)).account
    account = saved(await changed(portal, account, handling="portal")).account
    account = saved(await changed(portal, account, user=PrimaryUser(written="Ben Ruiz"))).account
    account = saved(await changed(portal, account, settings={"retention_days": 90})).account
    assert saved(await changed(portal, account, handling="portal")).account == account
    account = saved(await changed(portal, account, methods=("portal",))).account
    records = of_number(await portal.published(), account)
    assert [one.version for one in records] == [1, 2, 3, 4, 5]
    assert records[-1].ata is None
    assert (records[-1].handling, records[-1].retention_days, records[-1].methods) == ("portal", 90, ("portal",))
    assert records[-1].primary_user.name == "Ben Ruiz"


async def test_another_serial_number_is_another_device_with_a_code_of_its_own(portal: World) -> None:
    done = await portal.added(serial="A1", **ATA)
    kept = saved(await changed(portal, done.account, serial="A1", device_type="Poly OBi300"))
    other = saved(await changed(portal, kept.account, serial="A2"))
    assert kept.secret is None
    assert kept.account.device is not None
    assert done.account.device is not None
    assert kept.account.device.enrolment_sha256 == done.account.device.enrolment_sha256
    assert other.secret is not None


async def test_a_change_of_what_somebody_else_changed_is_refused(portal: World) -> None:
    account = (await portal.added()).account
    saved(await changed(portal, account, handling="portal"))
    assert codes(await changed(portal, account, handling="email-without-attachment")) == ("account-changed",)
    removal = await portal.inventory.accounts.remove(RESELLER, account.account_id, account.version)
    assert codes(removal) == ("account-changed",)


async def test_a_removed_account_keeps_whose_it_was(portal: World) -> None:
    account = (await portal.added(serial="20ABCD", **ATA)).account
    gone = saved(await portal.inventory.accounts.remove(RESELLER, account.account_id, 1)).account
    record = (await portal.published())[-1]
    assert isinstance(record, RemovedAccount)
    assert (record.reseller, record.domain, record.version) == ("reseller", DOMAIN, 2)
    assert record.quarantined_until == portal.at + timedelta(days=30)
    assert await portal.inventory.lists.accounts(RESELLER, DOMAIN) == ()
    assert await portal.inventory.lists.accounts(RESELLER, DOMAIN, removed=True) == (gone,)
    assert account.number in await takeable(portal)
    assert codes(await changed(portal, gone, handling="portal")) == ("account-removed",)
    again = (await portal.added()).account
    assert again.account_id != account.account_id


async def test_a_removed_number_is_kept_from_other_customers(portal: World) -> None:
    account = (await portal.added()).account
    await portal.inventory.accounts.remove(RESELLER, account.account_id, 1)
    assert isinstance(await portal.inventory.numbers.add_domain(RESELLER, "law.example", None), Domain)
    await move_number(portal.inventory, account.number, "law.example")
    other = form(account.number, domain="law.example", user=PrimaryUser(name="Lou", email="lou@law.example"))
    portal.later(days=29, hours=23)
    assert codes(await portal.inventory.accounts.add(RESELLER, other)) == ("number-quarantined",)
    assert await takeable(portal, "law.example") == set()
    portal.later(hours=2)
    moved = saved(await portal.inventory.accounts.add(RESELLER, other)).account
    assert moved.account_id != account.account_id
    assert [one.account_id for one in await portal.inventory.lists.accounts(RESELLER, "law.example")] == [
        moved.account_id
    ]


async def test_a_number_goes_back_to_its_former_customer_at_once(portal: World) -> None:
    account = (await portal.added()).account
    await portal.inventory.accounts.remove(RESELLER, account.account_id, 1)
    await portal.inventory.numbers.add_domain(RESELLER, "law.example", None)
    await move_number(portal.inventory, account.number, "law.example")
    await move_number(portal.inventory, account.number, DOMAIN, source="law.example")
    await portal.added()


async def test_who_did_what_when_before_and_after_is_written_down(portal: World) -> None:
    account = (await portal.added()).account
    portal.later(minutes=5)
    saved(await changed(portal, account, handling="portal"))
    newest, oldest = await portal.inventory.audit.entries(MANAGER, DOMAIN)
    assert (newest.what, newest.subject, newest.name, newest.at) == (
        "account.changed",
        account.number,
        "Rita Reseller",
        portal.at,
    )
    assert newest.before is not None
    assert newest.after is not None
    assert (newest.before["handling"], newest.after["handling"]) == ("email-with-attachment", "portal")
    assert oldest.before is None
    assert await portal.inventory.audit.entries(MANAGER, DOMAIN, before=newest.id) == (oldest,)


async def test_a_changed_user_is_published_with_each_account(portal: World) -> None:
    accounts = [(await portal.added(one)).account for one in FREE[:2]]
    user = accounts[0].user
    assert user is not None
    changed = UserForm("Front Office", "office@clinic.example", "1001")
    assert isinstance(await portal.inventory.users.change(MANAGER, user.user_id, changed), User)
    events = await portal.published()
    for one in accounts:
        assert [(each.version, each.primary_user.email) for each in of_number(events, one)] == [
            (1, "front.desk@clinic.example"),
            (2, "office@clinic.example"),
        ]
    assert codes(await portal.inventory.users.remove(MANAGER, user.user_id)) == ("user-in-use",)


async def test_a_user_whose_accounts_are_removed_can_go(portal: World) -> None:
    account = (await portal.added()).account
    assert account.user is not None
    await portal.inventory.accounts.remove(RESELLER, account.account_id, 1)
    assert isinstance(await portal.inventory.users.remove(MANAGER, account.user.user_id), User)
    (gone,) = await portal.inventory.lists.accounts(RESELLER, DOMAIN, removed=True)
    assert gone.user is None


async def test_users_differ_by_email_and_extension_within_a_domain(portal: World) -> None:
    users = portal.inventory.users
    assert codes(await users.add(MANAGER, DOMAIN, UserForm("X", "RECORDS@clinic.example"))) == ("email-taken",)
    assert codes(await users.add(MANAGER, DOMAIN, UserForm("X", "x@x.example", "1002"))) == ("extension-taken",)
    wrong = await users.add(MANAGER, DOMAIN, UserForm(" ", "nobody", "1\n2\x00", "reseller"))
    assert codes(wrong) == ("name-invalid", "email-invalid", "extension-invalid", "role-not-given")


async def test_a_new_brand_is_published_with_each_account(portal: World) -> None:
    accounts = [(await portal.added(one)).account for one in FREE[:2]]
    fields = {"name": "North", "portal_host": "fax.north.example", "from_address": "fax@north.example"}
    await portal.inventory.brands.set(RESELLER, fields)
    events = await portal.published()
    assert [one.brand.name for one in of_number(events, accounts[0])] == ["Your Fax Service", "North"]
    assert [one.version for one in of_number(events, accounts[1])] == [1, 2]
    assert (await portal.inventory.lists.account(RESELLER, accounts[0].account_id)).version == 2
    found = await portal.inventory.lists.brand_of_host("FAX.north.example")
    assert found is not None
    assert found.name == "North"
    await portal.stranger()
    assert codes(await portal.inventory.brands.set(STRANGER, fields)) == ("host-taken",)
    assert codes(await portal.inventory.brands.set(RESELLER, fields | {"colour": "red"})) == ("brand-invalid",)


async def test_tokens_are_shown_once_replaced_and_revoked(portal: World) -> None:
    account, secrets = (await portal.added()).account, portal.inventory.secrets
    first = saved(await secrets.new_token(MANAGER, account.account_id, "ehr", ["faxes:send"]))
    second = saved(await secrets.new_token(MANAGER, account.account_id, "ehr", ["faxes:send"]))
    assert first.secret is not None
    assert second.secret is not None
    (token,) = second.account.tokens
    assert token.sha256 == sha256(second.secret.text.encode()).hexdigest()
    assert saved(await secrets.revoke_token(MANAGER, account.account_id, "ehr")).account.tokens == ()
    assert codes(await secrets.revoke_token(MANAGER, account.account_id, "ehr")) == ("token-unknown",)
    assert codes(await secrets.new_token(MANAGER, account.account_id, "a b", ["faxes:send"])) == ("token-invalid",)
    assert codes(await secrets.new_token(MANAGER, account.account_id, "a", ["everything"])) == ("token-invalid",)
    assert [one.version for one in await portal.published()] == [1, 2, 3, 4]


async def test_holds_are_published_and_end(portal: World) -> None:
    account, holds = (await portal.added()).account, portal.inventory.holds
    scope = f"account:{account.account_id}"
    await holds.set(MANAGER, DOMAIN, scope, "Court order 12")
    (held,) = await portal.inventory.lists.holds(MANAGER, DOMAIN)
    assert (held.scope, held.reason, held.by) == (scope, "Court order 12", "Max Manager")
    await holds.lift(MANAGER, DOMAIN, scope)
    assert await portal.inventory.lists.holds(MANAGER, DOMAIN) == ()
    events = [one for one in await portal.published() if not isinstance(one, FaxAccount)]
    assert [(one.scope, one.held) for one in events] == [(scope, True), (scope, False)]
    assert codes(await holds.set(MANAGER, DOMAIN, scope, " ")) == ("hold-invalid",)
    await portal.stranger()
    for stolen in (scope, f"domain:{DOMAIN}", "everything"):
        with pytest.raises(NotThere):
            await holds.set(STRANGER, "other.example", stolen, "mine")


async def test_a_number_is_in_the_inventory_once(portal: World) -> None:
    numbers = portal.inventory.numbers
    assert codes(await numbers.add_numbers(RESELLER, DOMAIN, ["+12025550180", FREE[0]])) == ("number-known",)
    assert codes(await numbers.add_numbers(RESELLER, DOMAIN, ["+12025550180", "fax", "0"])) == ("number-invalid",) * 2
    assert await numbers.add_numbers(RESELLER, DOMAIN, ["(202) 555-0180", "202-555-0181"]) == (
        "+12025550180",
        "+12025550181",
    )


async def test_a_treatment_becomes_and_stops_being_fax_by_the_account_only(portal: World) -> None:
    await portal.added(FREE[0])
    numbers = portal.inventory.numbers
    assert codes(await numbers.set_treatment(RESELLER, FREE[1], "fax")) == ("treatment-fax",)
    assert codes(await numbers.set_treatment(RESELLER, FREE[0], "available")) == ("treatment-fax",)
    assert await numbers.set_treatment(RESELLER, FREE[1], "queue") == "queue"
    assert FREE[1] not in await takeable(portal)


async def test_the_database_itself_refuses_what_must_never_be(portal: World) -> None:
    account = (await portal.added()).account
    for wrong in ({"methods": ""}, {"version": 0}, {"user_id": None}, {"state": "gone"}):
        with pytest.raises(IntegrityError):
            await _write(portal, ACCOUNTS, wrong)
    with pytest.raises(IntegrityError):
        await _write(portal, NUMBERS, {"domain": "nowhere"})
    assert await portal.inventory.lists.account(RESELLER, account.account_id) == account


async def _write(portal: World, table: Any, values: dict[str, Any]) -> None:
    async with transaction(portal.engine) as connection:
        await connection.execute(update(table).values(values))
