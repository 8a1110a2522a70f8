from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services._runtime.links import Link, LinkExpired, LinkRefused, Links, Shown
from tests.unit.mails import AT, CONTOSO, FAX, KEY, NORTHWIND

SECRET = "a secret of at least 32 characters"
SHOWN = Shown("received", "+12125550199", 3, "America/New_York", "Northwind Fax", "#0b7a75")


def links(after: timedelta = timedelta(), secret: str = SECRET) -> Links:
    return Links(secret, 7, lambda: AT + after)


def token(key: str = KEY) -> str:
    return links().token(FAX, "acc-1", AT, key, issued_at=AT, shown=SHOWN)


def test_a_token_tells_what_it_was_made_of() -> None:
    assert links().read(token()) == Link(FAX, "acc-1", AT, KEY, AT + timedelta(days=7), SHOWN)
    assert links().read(token("held/elsewhere.pdf")).key == "held/elsewhere.pdf"


def test_the_same_request_has_the_same_token_and_it_fits_a_line_of_a_browser() -> None:
    later = links(timedelta(days=3)).token(FAX, "acc-1", AT, KEY, issued_at=AT, shown=SHOWN)
    assert later == token()
    assert len(token()) < 300


def test_it_works_for_its_days_and_not_a_second_longer() -> None:
    assert links(timedelta(days=7) - timedelta(seconds=1)).read(token()).fax_id == FAX
    with pytest.raises(LinkExpired):
        links(timedelta(days=7)).read(token())


def test_another_secret_refuses_it() -> None:
    with pytest.raises(LinkRefused):
        links(secret="another secret of 32 characters.").read(token())


@given(st.integers(min_value=0), st.characters(min_codepoint=33, max_codepoint=126))
def test_no_letter_of_it_can_be_changed(at: int, letter: str) -> None:
    made = token()
    at %= len(made) - 1  # the last of base64's letters may carry bits that mean nothing
    if made[at] != letter:
        with pytest.raises(LinkRefused):
            links().read(made[:at] + letter + made[at + 1 :])


def test_a_letter_that_decodes_to_the_same_is_another_letter() -> None:
    tokens = (links().token(FAX, f"acc-{n}", AT, KEY, issued_at=AT) for n in range(100))
    with_minus = next(one for one in tokens if "-" in one.rpartition(".")[2][:-1])
    with pytest.raises(LinkRefused):
        links().read("+".join(with_minus.rsplit("-", 1)))


@given(st.text(max_size=200))
def test_whatever_else_comes_is_refused(text: str) -> None:
    with pytest.raises(LinkRefused):
        links().read(text)


def test_a_link_leads_to_the_brands_own_portal_or_to_the_one_that_is_set() -> None:
    assert links().url(NORTHWIND, "t") == "https://fax.northwind.example/f/t"
    assert links().url(CONTOSO, "t") == "https://portal.contoso.example/f/t"
    assert Links(SECRET, 7, portal_url="http://127.0.0.1:8080/").url(CONTOSO, "t") == "http://127.0.0.1:8080/f/t"
