"""The address of a database, as settings name it."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr


def _usable(url: SecretStr) -> SecretStr:
    from services._runtime.database import parsed  # noqa: PLC0415 - most processes have no database

    parsed(url.get_secret_value())
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(_usable)]
"""``sqlite:///path`` or ``postgresql://user:password@host/database``; its password is shown to nobody."""
