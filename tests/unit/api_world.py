"""The API on fakes: accounts, a store, a history and Kafka that a test can take away."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from prometheus_client import CollectorRegistry

from schemas.accounts import ApiToken, FaxAccount
from schemas.base import Event
from schemas.envelope import decode
from schemas.fax import FaxState, FaxStatusChanged, FaxSubmitted, SubmittedFaxReady
from schemas.topics import TOPICS
from services._runtime.account_table import Property
from services._runtime.history import Cursor, Direction, FaxRow, Page
from services._runtime.outcomes import DependencyAway
from services._runtime.publisher import Message, PublishUnknown
from services._runtime.tokens import Minted, mint
from services._runtime.wrapping import HttpMetrics, Wrapping
from services.ingest.api.desk import Desk
from services.ingest.api.faxes import Faxes
from services.ingest.api.gate import Gate
from services.ingest.api.handlers import Cancelling, Sending
from services.ingest.api.previewing import Previewing, Room
from services.ingest.api.problems import broken
from services.ingest.api.routes import api
from services.ingest.api.settings import ApiSettings, Scope, ServiceToken
from services.ingest.api.upload import Budget
from services.ingest.documents.sending import Pages, Refused, Sent, SentFile, convert_submitted
from services.ingest.submissions import Submissions
from tests.fakes import MemoryBlobs

PDF = b"%PDF-1.7 a fax"
TO = "+12025550177"
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class MemoryAccounts:
    """`Accounts` in a list."""

    def __init__(self) -> None:
        self.known: dict[str, FaxAccount] = {}
        self.away = False
        self.looked_up = 0

    async def find(self, by: Property, value: str) -> tuple[FaxAccount, ...]:
        self.looked_up += 1
        if self.away:
            raise DependencyAway("fax-accounts", "switched off in a test")
        if by == "account":
            return tuple(one for one in self.known.values() if one.account_id == value)
        return tuple(one for one in self.known.values() if value in {token.sha256 for token in one.api_tokens})


class MemoryHistory:
    """`History` in a list."""

    def __init__(self) -> None:
        self.rows: dict[UUID, FaxRow] = {}
        self.told: dict[UUID, list[FaxStatusChanged]] = {}
        self.away = False

    async def fax(self, fax_id: UUID) -> FaxRow | None:
        self._answer()
        return self.rows.get(fax_id)

    async def steps(self, fax_id: UUID) -> Sequence[FaxStatusChanged]:
        self._answer()
        return self.told.get(fax_id, [])

    async def faxes(  # noqa: PLR0913 - as the real one
        self,
        account_id: str,
        *,
        direction: Direction | None,
        states: Sequence[FaxState],
        since: datetime | None,
        until: datetime | None,
        after: Cursor | None,
        limit: int,
    ) -> Page:
        self._answer()
        place = (after.accepted_at, after.fax_id) if after else None
        rows = [
            row
            for row in sorted(self.rows.values(), key=lambda one: (one.accepted_at, one.fax_id), reverse=True)
            if row.account_id == account_id
            and direction in {None, row.direction}
            and (not states or row.state in states)
            and (since is None or row.accepted_at >= since)
            and (until is None or row.accepted_at < until)
            and (place is None or (row.accepted_at, row.fax_id) < place)
        ]
        shown = rows[:limit]
        more = len(rows) > limit
        return Page(shown, Cursor(shown[-1].accepted_at, shown[-1].fax_id) if more else None)

    def _answer(self) -> None:
        if self.away:
            raise DependencyAway("database", "switched off in a test")


class KeptMessages:
    """`Publishes` that keeps what it was given; `away`: it confirms nothing."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.away = False

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise PublishUnknown("switched off in a test")
        self.messages += messages

    @property
    def events(self) -> list[Event]:
        topics = {topic.name: topic for topic in TOPICS}
        return [decode(topics[one.topic], one.headers, one.value) for one in self.messages]


def account_of(
    account_id: str, number: str, *tokens: Minted, scopes: tuple[Scope, ...] = ("faxes:read", "faxes:send")
) -> FaxAccount:
    """An account with tokens."""
    return FaxAccount.model_validate(
        {
            "account_id": account_id,
            "version": 1,
            "fax_number": number,
            "reseller": "North Voice",
            "domain": "clinic.example",
            "brand": {
                "name": "North Voice",
                "portal_host": "portal.north.example",
                "from_address": "fax@north.example",
            },
            "primary_user": {"name": "Front desk", "email": f"{account_id}@clinic.example"},
            "methods": ("email", "portal"),
            "handling": "portal",
            "blocked_destinations": ("+1900", "+49"),
            "api_tokens": tuple(ApiToken(token_id=one.token_id, sha256=one.sha256, scopes=scopes) for one in tokens),
            "changed_at": AT,
        }
    )


class InPlace:
    """`ConvertSubmitted` without a guarded process. It waits while `going_on` is clear."""

    def __init__(self) -> None:
        self.going_on = asyncio.Event()
        self.going_on.set()
        self.under_way = self.most_under_way = 0

    async def __call__(self, files: tuple[SentFile, ...], pages: Pages) -> Sent | Refused:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await self.going_on.wait()
        self.under_way -= 1
        return convert_submitted(files, pages)


class World:
    """The API, with two accounts and a service, and everything around it on fakes."""

    def __init__(self, **settings: object) -> None:
        self.clock = AT
        self.mine, self.theirs, self.reading, self.portal = (
            mint("mine"),
            mint("theirs"),
            mint("reading"),
            mint("portal"),
        )
        self.accounts, self.history = MemoryAccounts(), MemoryHistory()
        self.convert = InPlace()
        self.blobs, self.kafka = MemoryBlobs(), KeptMessages()
        self.keep(account_of("acc-1", "+12125550100", self.mine))
        self.keep(account_of("acc-2", "+12125550101", self.theirs))
        self.keep(account_of("acc-3", "+12125550102", self.reading, scopes=("faxes:read",)))
        service = ServiceToken(name="portal", sha256=self.portal.sha256, scopes=("faxes:read", "faxes:send"))
        self.settings = ApiSettings.model_validate({"service_tokens": (service,), **settings})
        self.desk: Desk | None = self._desk()
        self.registry = CollectorRegistry()
        self.app = Wrapping(api(lambda: self.desk), HttpMetrics(self.registry, "api"), broken)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        self.client = httpx.AsyncClient(transport=transport, base_url="https://api.north.example")

    def now(self) -> datetime:
        return self.clock

    def keep(self, account: FaxAccount) -> None:
        self.accounts.known[account.account_id] = account

    def change(self, account_id: str, **changes: object) -> None:
        account = self.accounts.known[account_id]
        self.keep(account.model_copy(update={"version": account.version + 1, **changes}))

    def _desk(self) -> Desk:
        faxes = Faxes(self.blobs, self.history, self.now)
        return Desk(
            gate=Gate.of(self.accounts, self.settings, self.now),
            sending=Sending(Submissions(self.blobs, self.kafka, self.now), self.blobs),
            previewing=Previewing(self.convert, Room(self.settings.preview_workers), self.now),
            cancelling=Cancelling(faxes, self.blobs, self.kafka, self.now),
            faxes=faxes,
            budget=Budget(self.settings.upload_bytes, self.settings.uploads_per_token),
            settings=self.settings,
        )

    async def send(
        self, *files: bytes, token: Minted | None = None, key: str | None = "key-1", **fields: str
    ) -> httpx.Response:
        """A submission as a form."""
        parts = [
            ("file", (f"page{number}.pdf", data, "application/pdf")) for number, data in enumerate(files or (PDF,), 1)
        ]
        data = {"to": TO, **fields}
        return await self.client.post("/v1/faxes", data=data, files=parts, headers=self.headers(token, key))

    async def preview(self, *files: bytes, token: Minted | None = None, **fields: str) -> httpx.Response:
        """The pages that a submission would have."""
        parts = [("file", (f"page{number}.txt", data, "text/plain")) for number, data in enumerate(files, 1)]
        data = {"to": TO, **fields}
        return await self.client.post("/v1/previews", data=data, files=parts, headers=self.headers(token))

    async def get(self, path: str, token: Minted | None = None, **query: str | list[str]) -> httpx.Response:
        return await self.client.get(path, params=query, headers=self.headers(token))

    async def cancel(self, fax_id: str, token: Minted | None = None, **query: str) -> httpx.Response:
        return await self.client.post(f"/v1/faxes/{fax_id}/cancel", params=query, headers=self.headers(token))

    def headers(self, token: Minted | None = None, key: str | None = None) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {(token or self.mine).text}"}
        return bearer | ({"Idempotency-Key": key} if key is not None else {})

    @property
    def submitted(self) -> list[FaxSubmitted]:
        """What was announced, repeats included."""
        return [one for one in self.kafka.events if isinstance(one, FaxSubmitted)]

    @property
    def stored(self) -> set[str]:
        """The faxes in the store, by their prefixes."""
        return {"/".join(key.split("/")[:5]) for key in self.blobs.objects if key.startswith("fax/")}

    def row(self, number: int, **changes: Any) -> FaxRow:
        """A fax in the history, the larger `number` the newer."""
        row = FaxRow(
            fax_id=UUID(int=number),
            account_id="acc-1",
            direction="received",
            state="routed",
            accepted_at=AT + timedelta(minutes=number),
            updated_at=AT + timedelta(minutes=number, seconds=5),
            version=3,
            fax_number="+12125550100",
            other_party="+12025550199",
            pages=2,
            pages_announced=2,
            partial=False,
            reason=None,
            rule="portal",
        )
        made = replace(row, **changes)
        self.history.rows[made.fax_id] = made
        return made


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and kind of a refusal; fails if it isn't one."""
    told = response.json()
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert told["status"] == response.status_code
    assert told["title"]
    assert told["detail"]
    assert told["request_id"] == response.headers["x-request-id"]
    return response.status_code, told["type"].removeprefix("/problems/")


def ready_of(fax: FaxSubmitted) -> SubmittedFaxReady:
    """A submission, converted."""
    return SubmittedFaxReady(
        fax_id=fax.fax_id,
        version=fax.version + 1,
        accepted_at=fax.accepted_at,
        account_id=fax.account_id,
        fax_number=fax.fax_number,
        method=fax.method,
        sender=fax.sender,
        destination=fax.destination,
        document=fax.attachments[0].document,
        pages=1,
    )
