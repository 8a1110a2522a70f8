"""The stage: one mail for one request, whatever happens around it."""

import email
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest

from schemas.base import StoredObject
from schemas.decision import DELETED, Decision
from schemas.envelope import encode
from schemas.fax import EmailRequested, FaxStatusChanged
from services._runtime.claims import Claims
from services._runtime.decision import decide_once
from services._runtime.expiry import expired_step
from services._runtime.links import Links
from services._runtime.outcomes import DependencyAway, Done, Outcome, RetryLater
from services._runtime.verp import Verp
from services.email_out.domain import HORIZON
from services.email_out.handlers import EmailOut
from services.email_out.letters import Letters
from services.email_out.mailer import Answer, Deferred, Mail, Refused, Sent, TooLarge, Unknown
from services.email_out.settings import MailSettings
from tests.fakes import MemoryBlobs
from tests.unit.mails import AT, CONTOSO, KEY, PDF, request

LEASE = timedelta(seconds=200)


@dataclass
class FakeMailer:
    """Gives its answers in turn, the last for ever."""

    answers: list[Answer | Exception] = field(default_factory=lambda: [Sent("ok")])
    mails: list[Mail] = field(default_factory=list)

    async def send(self, mail: Mail) -> Answer:
        self.mails.append(mail)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def read(self, which: int = -1) -> EmailMessage:
        message = email.message_from_bytes(self.mails[which].message, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


class World:
    """A stage with all that it needs, and a clock that stands still."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.clock = AT + timedelta(seconds=5)
        self.blobs = MemoryBlobs({KEY: PDF})
        self.mailer = FakeMailer(list(answers) or [Sent("ok")])
        self.stage = self.worker("worker-1")

    def worker(self, owner: str) -> EmailOut:
        return EmailOut(
            self.blobs,
            Claims(self.blobs, owner, LEASE, self.now),
            self.mailer,
            Letters(Links("s" * 40, 7, self.now)),
            max_attachment=20_000_000,
            now=self.now,
        )

    def now(self) -> datetime:
        return self.clock

    async def handle(self, event: EmailRequested | None = None) -> Outcome:
        return await self.stage.handle(event or request())


def step(outcome: Outcome) -> FaxStatusChanged:
    assert isinstance(outcome, Done)
    (event,) = outcome.events
    assert isinstance(event, FaxStatusChanged)
    return event


def attachments(message: EmailMessage) -> list[EmailMessage]:
    return [one for one in message.iter_attachments() if isinstance(one, EmailMessage)]


async def test_the_document_goes_out_attached_and_the_step_is_told() -> None:
    world = World()
    told = step(await world.handle())
    message = world.mailer.read()
    (attached,) = attachments(message)
    assert attached.get_content() == PDF
    assert attached.get_filename() == "fax-2026-11-24-0940-12125550199.pdf"
    assert (told.state, told.version, told.direction, told.recipient) == (
        "emailed",
        4,
        "received",
        "front.desk@clinic.example",
    )
    assert told.message_id == message["Message-ID"]
    assert world.mailer.mails[0].sender == "fax@northwind.example"


async def test_a_redelivered_request_sends_nothing_and_publishes_the_same() -> None:
    world = World()
    first = step(await world.handle())
    world.clock += timedelta(days=1)
    second = step(await world.handle())
    assert len(world.mailer.mails) == 1
    assert encode(first, source="email_out", at=AT) == encode(second, source="email_out", at=AT)


async def test_two_recipients_are_two_mails() -> None:
    world = World()
    await world.handle()
    await world.handle(request(recipient="doctor@clinic.example"))
    assert [mail.recipient for mail in world.mailer.mails] == ["front.desk@clinic.example", "doctor@clinic.example"]
    assert world.mailer.read(0)["Message-ID"] != world.mailer.read(1)["Message-ID"]


async def test_while_another_worker_sends_it_waits() -> None:
    world = World(Unknown(), Sent("ok"))
    began = world.clock
    await world.handle()
    waiting = await world.worker("worker-2").handle(request())
    assert waiting == RetryLater("claim-held", not_before=began + LEASE)


async def test_an_unknown_end_spends_an_attempt_so_that_repeats_come_to_an_end() -> None:
    outcome = await World(Unknown()).handle()
    assert isinstance(outcome, RetryLater)
    assert (outcome.reason, outcome.horizon, outcome.not_before) == ("claim-held", None, None)


async def test_an_unknown_end_is_sent_again_the_same_after_the_lease() -> None:
    world = World(Unknown(), Sent("ok"))
    outcome = await world.handle()
    assert isinstance(outcome, RetryLater)
    assert outcome.reason == "claim-held"
    world.clock += LEASE
    assert step(await world.worker("worker-2").handle(request())).state == "emailed"
    first, second = world.mailer.mails
    assert first.message == second.message


async def test_a_deferred_mail_is_tried_again_at_once_by_anybody() -> None:
    world = World(Deferred(451, "4.3.0 later"), Sent("ok"))
    assert await world.handle() == RetryLater("mail-deferred", AT + HORIZON, "451 4.3.0 later")
    assert step(await world.worker("worker-2").handle(request())).state == "emailed"


async def test_deferred_for_too_long_it_ends_and_says_so_each_time() -> None:
    world = World(Deferred(451, "4.3.0 later"))
    world.clock = AT + HORIZON
    told = step(await world.handle())
    assert (told.state, told.reason, told.detail) == ("mail-failed", "mail-deferred-too-long", "451 4.3.0 later")
    assert step(await world.handle()) == told
    assert len(world.mailer.mails) == 1


async def test_a_refused_mail_ends_and_says_why() -> None:
    world = World(Refused(550, "5.1.1 no such user"))
    told = step(await world.handle())
    assert (told.state, told.reason, told.detail) == ("mail-failed", "mail-refused", "550 5.1.1 no such user")
    assert step(await world.handle()) == told


async def test_while_the_relay_is_away_nothing_is_claimed() -> None:
    world = World(DependencyAway("mail-server"), Sent("ok"))
    with pytest.raises(DependencyAway, match="mail-server"):
        await world.handle()
    assert step(await world.worker("worker-2").handle(request())).state == "emailed"


async def test_while_the_store_is_away_nothing_is_sent() -> None:
    world = World()
    world.blobs.away = True
    with pytest.raises(DependencyAway, match="object-store"):
        await world.handle()
    assert not world.mailer.mails


async def a_world_that_lost_its_store_after_sending() -> World:
    world = World()

    class Last(FakeMailer):
        async def send(self, mail: Mail) -> Answer:
            world.blobs.away = not self.mails
            return await super().send(mail)

    world.mailer = Last()
    world.stage = world.worker("worker-1")
    with pytest.raises(DependencyAway, match="object-store"):
        await world.handle()
    world.blobs.away = False
    return world


async def test_when_the_store_goes_away_after_sending_this_worker_doesnt_send_again() -> None:
    world = await a_world_that_lost_its_store_after_sending()
    assert step(await world.handle()).state == "emailed"
    assert len(world.mailer.mails) == 1


async def test_when_the_store_goes_away_after_sending_another_worker_sends_the_same_mail() -> None:
    world = await a_world_that_lost_its_store_after_sending()
    other = world.worker("worker-2")
    assert isinstance(await other.handle(request()), RetryLater)
    world.clock += LEASE
    assert step(await other.handle(request())).state == "emailed"
    first, second = world.mailer.mails
    assert first == second


async def test_a_document_that_is_not_there_is_waited_for() -> None:
    world = World()
    del world.blobs.objects[KEY]
    assert await world.handle() == RetryLater("object-missing")
    world.blobs.objects[KEY] = PDF
    assert step(await world.handle()).state == "emailed"


@pytest.mark.parametrize("attached", [True, False])
async def test_of_a_fax_that_was_deleted_no_waiting_mail_goes_out(attached: bool) -> None:
    world = World()
    event = request() if attached else request(policy="link")
    del world.blobs.objects[KEY]
    gone = expired_step(event.fax_id, 9, event.accepted_at, AT, received=True)
    note = Decision(rule=DELETED, why="", decided_at=AT, status=gone)
    await decide_once(world.blobs, event.accepted_at, event.fax_id, note)
    world.clock = AT + timedelta(minutes=3)
    told = step(await world.handle(event))
    assert (told.state, told.reason) == ("expired", "expired")
    assert world.mailer.mails == []
    kept = World()
    kept.clock = AT + timedelta(minutes=3)
    assert step(await kept.handle(event)).state == "emailed", "one that was not deleted goes out, however late"


async def test_too_large_for_the_server_it_goes_as_a_link() -> None:
    world = World(TooLarge(1000), Sent("ok"))
    told = step(await world.handle())
    message = world.mailer.read()
    body = message.get_body(("plain",))
    assert body is not None
    assert "too large for your mail server" in body.get_content()
    assert "https://fax.northwind.example/f/" in body.get_content()
    assert not attachments(message)
    assert told.detail == "with a link: the document is too large for the mail server"


@pytest.mark.parametrize(
    ("answer", "detail"),
    [(TooLarge(10), "552 over 10 bytes"), (TooLarge(0, "552 5.2.2 mailbox full"), "552 5.2.2 mailbox full")],
)
async def test_too_large_even_as_a_link_it_ends(answer: Answer, detail: str) -> None:
    told = step(await World(answer).handle())
    assert (told.state, told.reason, told.detail) == ("mail-failed", "mail-refused", detail)


async def test_over_our_own_limit_it_is_not_even_read() -> None:
    world = World()
    del world.blobs.objects[KEY]
    large = StoredObject(key=KEY, size=20_000_001, media_type="application/pdf")
    told = step(await world.handle(request(document=large)))
    assert told.detail == "with a link: the document is too large to attach"
    assert not attachments(world.mailer.read())


def stage_of(world: World, **bounces: Any) -> EmailOut:
    claims = Claims(world.blobs, "w", LEASE, world.now)
    return EmailOut(world.blobs, claims, world.mailer, Letters(Links("s" * 40, 7)), max_attachment=0, **bounces)


async def test_each_mail_may_have_an_envelope_sender_of_its_own() -> None:
    world, verp = World(), Verp("s" * 40, "bounces.north.example")
    stage = stage_of(world, verp=verp, envelope_sender="bounces@relay.example")
    for event in (request(), request(recipient="other@clinic.example")):
        await stage.handle(event)
        assert world.mailer.mails[-1].sender == verp.address(event)
    assert world.mailer.read()["From"] == "Northwind Fax <fax@northwind.example>"


async def test_bounces_may_go_to_an_address_of_ours() -> None:
    world = World()
    await stage_of(world, envelope_sender="bounces@relay.example").handle(request(brand=CONTOSO))
    assert world.mailer.mails[0].sender == "bounces@relay.example"
    assert world.mailer.read()["From"] == "Contoso Telecom <noreply@contoso.example>"


def test_settings_left_empty_are_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As compose.yaml leaves those that nobody gave."""
    for name in ("USERNAME", "PASSWORD", "BOUNCE_DOMAIN"):
        monkeypatch.setenv(f"NATIVEFAX_SMTP_{name}", "")
    settings = MailSettings(host="relay.example")
    assert (settings.username, settings.password, settings.bounce_domain) == (None, None, None)
