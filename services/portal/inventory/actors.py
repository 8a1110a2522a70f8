"""Who asks, and what they may. Pure. The routes check too; this is the last door before the data."""

from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["reseller", "manager", "user"]

Deed = Literal[
    "see-domain",
    "see-numbers",
    "see-users",
    "see-audit",
    "see-own-accounts",
    "add-account",
    "remove-account",
    "change-account",
    "allow-premium",
    "make-secrets",
    "change-users",
    "change-numbers",
    "change-domains",
    "change-brand",
    "change-device-types",
    "change-holds",
]

_USER: Final[frozenset[Deed]] = frozenset({"see-domain", "see-own-accounts"})
_MANAGER: Final[frozenset[Deed]] = _USER | {
    "see-numbers",
    "see-users",
    "see-audit",
    "change-account",
    "make-secrets",
    "change-users",
    "change-holds",
}
_RESELLER: Final[frozenset[Deed]] = _MANAGER | {
    "add-account",
    "remove-account",
    "allow-premium",
    "change-numbers",
    "change-domains",
    "change-brand",
    "change-device-types",
}
MAY: Final[dict[Role, frozenset[Deed]]] = {"user": _USER, "manager": _MANAGER, "reseller": _RESELLER}
"""What each role may, within its own: a reseller in its domains, a manager in their domain, a user for themselves."""


class NotAllowed(Exception):  # noqa: N818 - it says what it is
    """This role may not do that, wherever. 403."""


class NotThere(Exception):  # noqa: N818 - it says what it is
    """No such thing, or somebody else's: the two are not told apart. 404."""


@dataclass(frozen=True)
class Actor:
    """A user who is signed in. `domain` is None for a reseller's own people only."""

    user_id: str
    name: str
    role: Role
    reseller: str
    domain: str | None = None

    def must(self, deed: Deed) -> None:
        """Return if the role may.

        Raises:
            NotAllowed: It may not.
        """
        if deed not in MAY[self.role]:
            raise NotAllowed(deed)

    def reaches(self, reseller: str, domain: str | None) -> bool:
        """Whether something of this reseller and domain (None: of the reseller itself) is theirs to see."""
        if self.reseller != reseller:
            return False
        return self.role == "reseller" if domain is None else self.role == "reseller" or self.domain == domain

    @property
    def only_own(self) -> bool:
        """Sees only accounts of which they are the primary user."""
        return self.role == "user"
