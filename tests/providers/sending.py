"""What sends faxes from a portal in tests: the real API on fakes, which knows the portal's accounts."""

from dataclasses import dataclass, field

import httpx

from schemas.accounts import User
from schemas.keys import DOCUMENT, fax_prefix
from services._runtime.blobs import Blobs
from services.ingest.submitted import SubmittedFaxes
from services.portal.inventory.views import Account
from services.portal.sending.api import FaxApi
from services.portal.sending.drafts import Drafts
from services.portal.sending.sending import Draws, Sending
from tests.unit.api_world import World, account_of


@dataclass
class Api:
    """The API, and what a test may do to it. Give `out` an answer, and it gives no other."""

    world: World = field(default_factory=lambda: World(requests_burst=10_000))
    out: httpx.Response | httpx.TransportError | None = None
    asked: list[str] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if isinstance(self.out, httpx.TransportError):
            raise self.out
        if self.out is not None:
            return self.out
        return await self.inner.handle_async_request(request)

    def __post_init__(self) -> None:
        self.inner = httpx.ASGITransport(self.world.app)

    def knows(self, account: Account, **changes: object) -> None:
        """The account as the API's table has it."""
        known = account_of(account.account_id, account.number)
        user = User(name=account.user.name, email=account.user.email) if account.user else known.primary_user
        self.world.keep(known.model_copy(update={"methods": account.methods, "primary_user": user, **changes}))

    async def dialled(self, number: int = -1) -> bytes:
        """The pages of a fax that was submitted, as the document worker makes them."""
        event = self.world.submitted[number]
        await SubmittedFaxes(self.world.blobs, self.world.convert, self.world.now).handle(event)
        return self.world.blobs.objects[fax_prefix(event.accepted_at, event.fax_id) + DOCUMENT]


def sending(api: Api, blobs: Blobs, pictures: Draws) -> Sending:
    """As the portal's process builds it."""
    headers = {"Authorization": f"Bearer {api.world.portal.text}"}
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(api), base_url="https://api.north.example", headers=headers, timeout=60
    )
    return Sending(Drafts(blobs), FaxApi(client), pictures)
