"""The fields of a submission, checked before anything is stored: what is accepted here can always be announced."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas.base import CallerId, EmailAddress, Name, Subaddress, Text
from services._runtime.problems import Wrong
from services.ingest.api.problems import Refused

COVER_TEXT = 4_000
"""Characters that a cover page may say."""

_SAID = 20
"""How many faults of one request are told."""

Multiline = Annotated[str, StringConstraints(max_length=COVER_TEXT, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
"""Text of several lines."""


class FaxForm(BaseModel):
    """What to send where, beside the files. All values are strings, as forms carry them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: CallerId = Field(
        description="the fax number to call, in E.164 or as it is dialled in the account's country",
        examples=["+12025550177"],
    )
    subject: Text = Field(default="", description="for the cover page and receipts", examples=["Lab results"])
    cover: Literal["true", "false"] | None = Field(
        default=None, description="make a cover page; true if not given and there is a cover_text"
    )
    cover_text: Multiline = Field(default="", description="what the cover page says")
    resolution: Literal["standard", "fine"] = Field(default="fine", description="204 x 98 or 204 x 196 dpi")
    subaddress: Subaddress | None = Field(
        default=None, description="T.33 subaddress: whom behind the machine it is for"
    )
    reply_to: EmailAddress | None = Field(
        default=None, description="one of the account's own addresses, which is told how it ends"
    )
    account_id: Name | None = Field(default=None, description="whose fax it is; a service token must say so")
    on_behalf_of: Text | None = Field(default=None, description="service tokens only: who sends it")

    @property
    def covered(self) -> bool:
        """Whether there is a cover page."""
        return self.cover == "true" or (self.cover is None and bool(self.cover_text))


def read_form(fields: Mapping[str, str], query: Sequence[tuple[str, str]]) -> FaxForm:
    """The fields of a body and of its address together: each may stand in either, in one of them only.

    Raises:
        Refused: Something isn't as it should be; the errors say what, and quote nothing.
    """
    given = dict(fields)
    for name, value in query:
        if name in given:
            raise Refused("invalid-request", errors=(Wrong(f"query.{_named(name)}", "given more than once"),))
        given[name] = value
    try:
        form = FaxForm.model_validate(given)
    except ValidationError as error:
        raise Refused("invalid-request", errors=wrongs(error.errors(), "form")) from error
    if form.cover == "false" and form.cover_text:
        raise Refused("invalid-request", errors=(Wrong("form.cover_text", "needs a cover page, and cover is false"),))
    return form


def wrongs(errors: Sequence[Any], where: str = "") -> tuple[Wrong, ...]:
    """Pydantic's errors, in its words and without the values."""
    return tuple(
        Wrong(".".join(_named(str(one)) for one in ((where,) if where else ()) + tuple(error["loc"])), error["msg"])
        for error in errors[:_SAID]
    )


def _named(name: str) -> str:
    return "".join(one for one in name if one.isalnum() or one in "_-")[:40]
