"""The optional settings of a fax account: tidied, and refused one by one with what to do."""

from schemas.accounts import FaxAccount
from services.portal.inventory.account_settings import SAID, settings_of
from services.portal.inventory.forms import PORTALS_OWN, FaxSettings
from services.portal.inventory.refusals import Refused


def test_every_wrong_setting_is_said_beside_its_own_field_with_what_to_do() -> None:
    wrong: dict[str, object] = {
        "allowed_senders": ["ada@clinic.example", "not an address"],
        "notify": [f"{n}@clinic.example" for n in range(21)],
        "blocked_callers": ["x" * 65],
        "blocked_destinations": ["0900"],
        "premium_destinations": "perhaps",
        "region": "Texas",
        "cover_page": "perhaps",
        "time_zone": "Mars/North",
        "header_text": "x" * 201,
        "retention_days": 366,
        "link_access": "anybody",
        "mail_forwarding": "perhaps",
        "forward_to": ["-"],
    }
    assert wrong.keys() == SAID.keys() == FaxSettings.model_fields.keys()
    answer = settings_of(FaxSettings(), wrong)
    assert isinstance(answer, Refused)
    assert [one.field for one in answer.refusals] == list(FaxSettings.model_fields)
    words = {one.field: one.words for one in answer.refusals}
    assert "“not an address” is no email address" in words["allowed_senders"]
    assert "at most 20" in words["notify"]
    assert "“366” can't be" in words["retention_days"]
    assert isinstance(settings_of(FaxSettings(), {"retention_days": []}), Refused)


def test_settings_are_kept_tidy() -> None:
    typed: dict[str, object] = {
        "notify": [" desk@clinic.example ", "", "DESK@clinic.example"],
        "blocked_callers": ["(202) 555-0199", "Anonymous", "+44 20 7946 0958"],
        "blocked_destinations": ["+1 900", "+1-900"],
        "header_text": "  Clinic   North ",
        "forward_to": ["@Court.example", "court.example", "ada@law.example"],
    }
    assert settings_of(FaxSettings(), typed) == FaxSettings(
        notify=("desk@clinic.example",),
        blocked_callers=("+12025550199", "Anonymous", "+442079460958"),
        blocked_destinations=("+1900",),
        header_text="Clinic North",
        forward_to=("Court.example", "ada@law.example"),
    )


def test_settings_are_those_of_the_contract() -> None:
    theirs = FaxAccount.model_fields
    assert not theirs.keys() & PORTALS_OWN
    for name in FaxSettings.model_fields.keys() - PORTALS_OWN:
        one = FaxSettings.model_fields[name]
        assert (theirs[name].annotation, theirs[name].default) == (one.annotation, one.default), name
