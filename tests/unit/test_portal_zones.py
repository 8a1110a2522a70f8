"""Moments on the clock of whoever looks."""

from datetime import UTC, datetime, timedelta

import pytest
from jinja2 import Environment
from starlette.requests import Request

from services._runtime.templates import translate
from services.portal.web.zones import ago_words, browser_zone, install

MOMENT = datetime(2026, 11, 24, 14, 40, 3, tzinfo=UTC)


def request(cookie: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", f"portal-zone={cookie}".encode())]})


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "UTC"])
def test_a_zone_that_is_known_is_taken(zone: str) -> None:
    assert browser_zone(request(zone)) == zone
    assert browser_zone(request(zone.replace("/", "%2F"))) == zone


@pytest.mark.parametrize(
    "said", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "<script>", "a" * 5000, "America/New_York\\x00"]
)
def test_anything_else_is_no_zone(said: str) -> None:
    assert browser_zone(request(said)) is None


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=13), "13 days ago"),
        (timedelta(days=14), "24 November 2026"),
    ],
)
def test_how_long_ago(passed: timedelta, words: str) -> None:
    assert ago_words(MOMENT, "UTC", MOMENT + passed) == words


def test_a_day_is_the_one_on_the_visitors_calendar() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert ago_words(late, "Asia/Tokyo", late + timedelta(days=20)) == "25 November 2026"


def said(template: str, **values: object) -> str:
    environment = Environment(autoescape=True)
    translate(environment)
    install(environment)
    return environment.from_string(template).render(moment=MOMENT, **values)


def test_a_moment_is_told_in_the_zone_of_the_page_and_exactly_in_its_title() -> None:
    assert said("{{ moment | when }}", zone="America/New_York") == (
        '<time datetime="2026-11-24T14:40:03+00:00" title="2026-11-24 14:40:03 UTC">'
        "24 November 2026, 09:40 (EST)</time>"
    )
    long_ago = said("{{ moment.replace(year=2020) | ago }}", zone="Asia/Tokyo")
    assert ">24 November 2020</time>" in long_ago
    assert 'title="24 November 2020, 23:40 (JST) · 2020-11-24 14:40:03 UTC" data-ago>' in long_ago


def test_a_page_that_knows_no_zone_names_utc() -> None:
    assert "14:40 (UTC)</time>" in said("{{ moment | when }}")
    assert (
        said("{% macro one(at) %}{{ at | exactly }}{% endmacro %}{{ one(moment) }}") == "24 November 2026, 14:40 (UTC)"
    )


def test_a_translated_sentence_escapes_what_is_put_in() -> None:
    assert said('{{ _("Sent to %(name)s", name="<b>") }}') == "Sent to &lt;b&gt;"
