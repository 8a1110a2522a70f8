"""The door of every address of the API: who asks, and whether their role may. A cookie opens none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from services.portal.api.problems import Refused
from services.portal.inventory.actors import Actor
from services.portal.inventory.inventory import Inventory
from services.portal.web.services import Services
from services.portal.web.signing_in.people import Person, Role
from services.portal.web.signing_in.throttle import Attempt
from services.portal.web.signing_in.tokens import PortalToken

_BEARER: Final = HTTPBearer(auto_error=False, description="nfp_<name>_<secret>", scheme_name="token")


@dataclass(frozen=True)
class Caller:
    """Whoever asks, let in."""

    services: Services
    person: Person
    token: PortalToken

    @property
    def actor(self) -> Actor:
        """As the inventory knows them."""
        return self.person.actor()

    @property
    def inventory(self) -> Inventory:
        """What they ask."""
        return self.services.inventory


@dataclass(frozen=True)
class Door:
    """Lets in whom `roles` names."""

    roles: frozenset[Role]

    async def __call__(self, request: Request, _: Annotated[object, Depends(_BEARER)]) -> Caller:
        """The caller.

        Raises:
            Refused: There is no good token, or its owner's role may not do this.
            DependencyAway: The database doesn't answer.
        """
        services: Services = request.app.state.services
        text = _bearer(request.headers.getlist("authorization"))
        found = await services.tokens.find(text)
        if found is None:
            peer = request.client.host if request.client else ""
            held_back = await services.throttle.admits(Attempt.with_token(peer)) != "open"
            raise Refused("too-many-failures") if held_back else Refused("token-unknown", headers=_challenge())
        if found.person.role not in self.roles:
            raise Refused("not-allowed")
        return Caller(services, found.person, found.token)


def _bearer(authorization: Sequence[str]) -> str:
    if len(authorization) != 1 or not authorization[0].lower().startswith("bearer "):
        raise Refused("token-missing", headers={"WWW-Authenticate": 'Bearer realm="portal"'})
    return authorization[0][len("bearer ") :].strip()


def _challenge() -> dict[str, str]:
    return {"WWW-Authenticate": 'Bearer realm="portal", error="invalid_token"'}


Reseller = Annotated[Caller, Depends(Door(frozenset({"reseller"})))]
Office = Annotated[Caller, Depends(Door(frozenset({"reseller", "manager"})))]
