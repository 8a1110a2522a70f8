"""Whether a fax account may be added or changed: every refusal, and the words beside its field."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest

from services.portal.inventory.domain import (
    Accepted,
    NumberFacts,
    People,
    Situation,
    hindrance,
    may_add,
    may_change,
)
from services.portal.inventory.forms import AddAccount, ChangeAccount, FaxSettings, PrimaryUser
from services.portal.inventory.making import made
from services.portal.inventory.refusals import CODES, SAID, Field, Refused, refuse
from services.portal.inventory.views import Account, Usage, User

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FREE, FAX, QUEUE, KEPT = "+12025550101", "+12025550102", "+12025550103", "+12025550104"
ADA = User("ada", "reseller", "clinic.example", "1001", "Ada Okafor", "ada@clinic.example", "user", fax_only=False)
BEN = replace(ADA, user_id="ben", extension="1002", name="Ben Ruiz", email="ben@clinic.example")
BEN_TOO = replace(BEN, user_id="ben2", extension="1003", email="ben2@clinic.example")


def situation(**more: Any) -> Situation:
    given: dict[str, Any] = {
        "domain": "clinic.example",
        "reseller": "reseller",
        "white_label": True,
        "region": "US",
        "maximum": 5,
        "used": 0,
        "numbers": {
            FREE: NumberFacts(FREE, "available"),
            FAX: NumberFacts(FAX, "fax", in_use=True),
            QUEUE: NumberFacts(QUEUE, "queue"),
            KEPT: NumberFacts(KEPT, "available", quarantined_until=NOW + timedelta(days=1)),
        },
        "users": People.of([ADA, BEN, BEN_TOO]),
        "serials": {"20abcd"},
        "device_types": frozenset({"HT801"}),
    }
    return Situation(**(given | more))


def form(**more: Any) -> AddAccount:
    given: dict[str, Any] = {
        "domain": "clinic.example",
        "number": FREE,
        "user": PrimaryUser(written="1001"),
        "methods": ("email",),
        "handling": "portal",
    }
    return AddAccount(**(given | more))


def account(**more: Any) -> Account:
    accepted = may_add(form(methods=("email", "ata"), device_type="HT801", serial="N1"), situation(), NOW)
    assert isinstance(accepted, Accepted)
    return replace(made(accepted, situation(), NOW).account, **more)


def codes(answer: Accepted | Refused) -> tuple[str, ...]:
    return answer.codes if isinstance(answer, Refused) else ()


def with_ata(**more: Any) -> dict[str, Any]:
    return {"methods": ("ata",), "device_type": "HT801", "serial": "N1"} | more


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"number": " "}, "number-missing", "phone_number"),
        ({"number": "fax"}, "number-invalid", "phone_number"),
        ({"number": "555"}, "number-invalid", "phone_number"),
        ({"number": "+12025550199"}, "number-unknown", "phone_number"),
        ({"number": FAX}, "number-in-use", "phone_number"),
        ({"number": QUEUE}, "number-not-available", "phone_number"),
        ({"number": KEPT}, "number-quarantined", "phone_number"),
        ({"user": PrimaryUser()}, "user-missing", "primary_user"),
        ({"user": PrimaryUser(user_id="eve")}, "user-unknown", "primary_user"),
        ({"user": PrimaryUser(written="Eve")}, "user-unknown", "primary_user"),
        ({"user": PrimaryUser(written="ben  RUIZ")}, "user-ambiguous", "primary_user"),
        ({"user": PrimaryUser(name="Eve")}, "email-invalid", "email"),
        ({"user": PrimaryUser(name="Eve", email="eve")}, "email-invalid", "email"),
        ({"user": PrimaryUser(email="eve@x.example")}, "name-invalid", "name"),
        ({"user": PrimaryUser(name="E" * 129, email="eve@x.example")}, "name-invalid", "name"),
        ({"methods": ()}, "no-method", "methods"),
        ({"methods": ("", " ")}, "no-method", "methods"),
        ({"methods": ("fax",)}, "method-unknown", "methods"),
        ({"handling": ""}, "handling-unknown", "handling"),
        ({"handling": "burn"}, "handling-unknown", "handling"),
        (with_ata(device_type=""), "device-type-missing", "device_type"),
        (with_ata(device_type="Toaster"), "device-type-unknown", "device_type"),
        (with_ata(serial=""), "serial-missing", "serial_number"),
        (with_ata(serial="-"), "serial-invalid", "serial_number"),
        (with_ata(serial="20:ab-CD"), "serial-taken", "serial_number"),
        ({"serial": "N1"}, "device-without-ata", "methods"),
        ({"device_type": "HT801"}, "device-without-ata", "methods"),
        ({"settings": {"retention_days": 29}}, "setting-invalid", "retention_days"),
        ({"settings": {"time_zone": "Mars"}}, "setting-invalid", "time_zone"),
        ({"settings": {"notify": ["no email"]}}, "setting-invalid", "notify"),
        ({"settings": {"anything": 1}}, "setting-invalid", "settings"),
        ({"settings": {"allowed_senders": [f"{n:060}@{'y' * 180}" for n in range(50)]}}, "setting-invalid", "settings"),
    ],
)
def test_each_refusal_stands_beside_its_field(more: dict[str, Any], code: str, field: Field) -> None:
    answer = may_add(form(**more), situation(), NOW)
    assert codes(answer) == (code,)
    assert isinstance(answer, Refused)
    assert [one.code for one in answer.of(field)] == [code]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"white_label": False}, "not-white-label"),
        ({"maximum": 0}, "maximum-disabled"),
        ({"maximum": 1, "used": 1}, "maximum-reached"),
        ({"maximum": 3, "used": 5}, "maximum-reached"),
        ({"maximum": 1}, None),
        ({"maximum": 5, "used": 4}, None),
        ({"maximum": None, "used": 10_000}, None),
    ],
)
def test_what_hinders_any_addition(more: dict[str, Any], code: str | None) -> None:
    found = hindrance(situation(**more))
    assert (found and found.code) == code
    assert codes(may_add(form(), situation(**more), NOW)) == ((code,) if code else ())


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = form(number=QUEUE, user=PrimaryUser(), methods=(), handling="", settings={"region": "Texas"})
    assert codes(may_add(wrong, situation(maximum=0), NOW)) == (
        "maximum-disabled",
        "number-not-available",
        "user-missing",
        "no-method",
        "handling-unknown",
        "setting-invalid",
    )


@pytest.mark.parametrize("written", ["1001", " 1001 ", "ada okafor", "1001 Ada Okafor", "1001 · Ada Okafor"])
def test_a_user_is_found_by_extension_name_or_both(written: str) -> None:
    answer = may_add(form(user=PrimaryUser(written=written)), situation(), NOW)
    assert isinstance(answer, Accepted)
    assert (answer.user, answer.new_user) == (ADA, False)


def test_somebody_elses_email_makes_a_fax_only_user_unless_it_is_somebodys() -> None:
    new = may_add(form(user=PrimaryUser(name="Eve", email="eve@x.example")), situation(), NOW)
    known = may_add(form(user=PrimaryUser(name="Eve", email="ADA@clinic.example")), situation(), NOW)
    assert isinstance(new, Accepted)
    assert isinstance(known, Accepted)
    assert (new.new_user, new.user.fax_only, new.user.extension, new.user.role) == (True, True, None, "user")
    assert (known.new_user, known.user) == (False, ADA)


def test_a_quarantine_ends_at_its_time() -> None:
    assert codes(may_add(form(number=KEPT), situation(), NOW + timedelta(days=1))) == ()


def test_a_number_is_read_in_the_domains_region() -> None:
    german = NumberFacts("+493012345678", "available")
    at = situation(region="DE", numbers={german.number: german})
    answer = may_add(form(number="030 12345678"), at, NOW)
    assert isinstance(answer, Accepted)
    assert (answer.number, answer.settings.region) == (german.number, "DE")


def test_what_is_learnt_counts_for_the_next_row() -> None:
    at = situation(maximum=2, used=1)
    somebody = PrimaryUser(name="Eve", email="eve@x.example")
    first = may_add(form(**with_ata(user=somebody)), at, NOW)
    assert isinstance(first, Accepted)
    at.learn(first)
    again = may_add(form(**with_ata(user=replace(somebody, name=""))), at, NOW)
    assert codes(again) == ("maximum-reached", "number-in-use", "serial-taken")


def change(**more: Any) -> ChangeAccount:
    return ChangeAccount(account().account_id, 1, **more)


def test_a_change_needs_neither_room_nor_white_label_access() -> None:
    answer = may_change(change(handling="email-with-attachment"), account(), situation(maximum=0, white_label=False))
    assert isinstance(answer, Accepted)
    assert answer.handling == "email-with-attachment"
    assert answer.methods == ("email", "ata")


def test_a_device_goes_with_its_method_and_comes_with_it() -> None:
    gone = may_change(change(methods=("portal",)), account(), situation())
    assert isinstance(gone, Accepted)
    assert gone.device is None
    bare = account(device=None, methods=("portal",))
    assert codes(may_change(change(methods=("ata",)), bare, situation())) == ("device-type-missing", "serial-missing")
    assert codes(may_change(change(methods=("portal",), serial="N2"), account(), situation())) == (
        "device-without-ata",
    )


def test_a_device_keeps_a_type_that_is_listed_no_more() -> None:
    unlisted = situation(device_types=frozenset())
    assert codes(may_change(change(handling="portal"), account(), unlisted)) == ()
    assert codes(may_change(change(device_type="HT802"), account(), unlisted)) == ("device-type-unknown",)


def test_settings_change_one_by_one() -> None:
    kept = account(settings=FaxSettings(retention_days=90, cover_page=True))
    answer = may_change(change(settings={"retention_days": 30, "notify": ["a@x.example"]}), kept, situation())
    assert isinstance(answer, Accepted)
    assert answer.settings == FaxSettings(retention_days=30, cover_page=True, notify=("a@x.example",))


@pytest.mark.parametrize(
    ("more", "code"), [({"version": 2}, "account-changed"), ({"state": "removed"}, "account-removed")]
)
def test_what_is_no_longer_as_it_was_read_is_not_changed(more: dict[str, Any], code: str) -> None:
    assert codes(may_change(change(handling="portal"), account(**more), situation())) == (code,)


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_says_something_to_do_and_can_be_filled(code: Any) -> None:
    _, said = SAID[code]
    names = [name for _, name, _, _ in Formatter().parse(said) if name]
    words = refuse(code, **dict.fromkeys(names, "{x}")).words
    assert words.endswith(".")
    assert words[0].isupper() or words[0] in "{“"
    assert "{" not in words.replace("{x}", "")


def test_the_set_of_refusals_is_closed() -> None:
    assert set(SAID) == set(CODES)


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(3, 5), "3 of 5 fax numbers used"),
        (Usage(0, 1), "0 of 1 fax number used"),
        (Usage(1, None), "1 fax number used, no maximum"),
        (Usage(0, 0), "fax numbers are disabled"),
    ],
)
def test_usage_in_words(usage: Usage, words: str) -> None:
    assert usage.words == words
