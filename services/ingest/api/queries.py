"""What an address may ask for; a parameter that nobody knows is refused, for it would change nothing unseen."""

import re
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from schemas.base import Name
from schemas.fax import FaxState
from services._runtime.history import Cursor, Direction
from services._runtime.moments import in_utc
from services.ingest.api.faxes import Kind
from services.ingest.api.problems import Refused


def _rfc3339(value: object) -> object:
    """Pydantic would take a number for seconds since 1970, which nobody is told of."""
    if isinstance(value, str) and not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]", value):
        raise ValueError("not a date and time with its offset, as in 2026-11-24T09:30:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(in_utc)]


class Whose(BaseModel):
    """Whose fax it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_id: Name | None = Field(default=None, description="a service token must name the account")


class Wanted(Whose):
    """Which form of the document."""

    format: Kind = Field(default="pdf", description="tiff: as it was received, or as it is dialled")


class Listed(Whose):
    """Which faxes, and from where in the list."""

    direction: Direction | None = None
    state: list[FaxState] = Field(default=[], max_length=20, description="any of these; none: all")
    since: Moment | None = Field(default=None, description="accepted then or later")
    until: Moment | None = Field(default=None, description="accepted before")
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=200, description="`next` of an earlier answer")

    def after(self) -> Cursor | None:
        """Where to go on.

        Raises:
            Refused: The cursor isn't ours.
        """
        try:
            return Cursor.read(self.cursor) if self.cursor is not None else None
        except ValueError as error:
            raise Refused("invalid-cursor") from error
