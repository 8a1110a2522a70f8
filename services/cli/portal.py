"""The portal's API, as the commands ask it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.cli.errors import Refused
from services.portal.api import told

SECONDS: Final = 30.0
"""For one answer; a change waits for others' changes of the same domain."""

PAGE: Final = 500

T = TypeVar("T", bound=BaseModel)


class PortalAccess(BaseSettings):
    """Where the portal is, and as whom the commands ask it."""

    model_config = SettingsConfigDict(
        env_prefix="NATIVEFAX_PORTAL_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    url: str | None = Field(default=None, description="of the portal")
    token: SecretStr | None = Field(default=None, description="made on its page API tokens")


class RefusedByPortal(Refused):
    """The portal was asked, and refused; `codes` say why, if there are reasons that can be mended."""

    def __init__(self, status: int, words: str, codes: frozenset[str]) -> None:
        super().__init__(words)
        self.status = status
        self.codes = codes


class Portal:
    """Asks as whoever the token acts. Every method raises `Refused` when the portal refuses, or isn't there."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.Client(
            base_url=f"{self._url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=SECONDS,
            trust_env=False,  # the portal is ours: no proxy stands between
        )

    @classmethod
    def named(cls, settings: PortalAccess | None = None) -> "Portal":
        """The one that the environment names.

        Raises:
            Refused: It names none, or no token.
        """
        access = settings or PortalAccess()
        if not access.url:
            raise Refused("NATIVEFAX_PORTAL_URL names no portal. Set it to the portal's address.")
        if access.token is None:
            raise Refused(
                "NATIVEFAX_PORTAL_TOKEN is not set. Make a token on the portal's page API tokens, and set it to that."
            )
        return cls(access.url, access.token.get_secret_value())

    def get(self, kind: type[T], *path: str, **query: str | int | bool) -> T:
        """What is there."""
        return kind.model_validate_json(self._asked("GET", path, query=query))

    def post(self, kind: type[T], *path: str, **body: Any) -> T:
        """Make something."""
        return kind.model_validate_json(self._asked("POST", path, body=body))

    def patch(self, kind: type[T], *path: str, **body: Any) -> T:
        """Change something."""
        return kind.model_validate_json(self._asked("PATCH", path, body=body))

    def put(self, kind: type[T], *path: str, **body: Any) -> T:
        """Write all of something."""
        return kind.model_validate_json(self._asked("PUT", path, body=body))

    def delete(self, *path: str, **query: str | int | bool) -> None:
        """End something."""
        self._asked("DELETE", path, query=query)

    def accounts_with(self, number: str) -> list[told.Account]:
        """The accounts that have or had a number, oldest first."""
        return self.get(told.Accounts, "accounts", fax_number=e164(number)).accounts

    def active(self, number: str) -> told.Account | None:
        """The account of a number, if it has one."""
        return next((one for one in self.accounts_with(number) if one.state == "active"), None)

    def account(self, number: str) -> told.Account:
        """The account of a number.

        Raises:
            Refused: It has none.
        """
        found = self.active(number)
        if found is None:
            raise Refused(f"{number} is no fax account. `nativefax accounts list` shows those that are.")
        return found

    def every_account(self, domain: str, *, removed: bool = False) -> Iterator[told.Account]:
        """A domain's accounts, by number."""
        after, more = "", True
        while more:
            page = self.get(told.Accounts, "domains", domain, "accounts", after=after, removed=removed, limit=PAGE)
            yield from page.accounts
            more = page.more
            after = page.accounts[-1].fax_number if page.accounts else ""

    def _asked(
        self, method: str, path: tuple[str, ...], *, query: Mapping[str, Any] | None = None, body: Any = None
    ) -> bytes:
        address = "/" + "/".join(quote(one, safe="") for one in path)
        try:
            answer = self._client.request(method, address, params=query or None, json=body)
        except httpx.TransportError as error:
            raise Refused(
                f"The portal at {self._url} can't be reached ({type(error).__name__}). Is it up? "
                "`nativefax doctor` shows what answers."
            ) from error
        if not answer.is_success:
            raise _refused(answer, self._url)
        return answer.content


def e164(written: str) -> str:
    """A number as people write it, without what they write between digits.

    Raises:
        Refused: It has no country code, or is no number.
    """
    number = re.sub(r"[\s().-]", "", written)
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise Refused(f"{written} is no whole number. Write it with its country code, as +12025550100.")
    return number


def _refused(answer: httpx.Response, url: str) -> Refused:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "title" not in problem:
        return Refused(f"{url} answered {answer.status_code}, but not as the portal does. Check NATIVEFAX_PORTAL_URL.")
    errors = [one for one in problem.get("errors", []) if isinstance(one, dict)]
    reasons = [str(one["what"]) if "code" in one else f"{one['where']}: {one['what']}." for one in errors]
    words = " ".join([str(problem["title"]), *(reasons or [str(problem.get("detail", ""))])])
    codes = frozenset(str(one["code"]) for one in errors if "code" in one)
    return RefusedByPortal(answer.status_code, words, codes)
