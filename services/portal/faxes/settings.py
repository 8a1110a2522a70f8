"""Where the portal's faxes are."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services._runtime.database_url import DatabaseUrl


class FaxesSettings(BaseSettings):
    """`NATIVEFAX_HISTORY_DATABASE`, which the portal can do without."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_HISTORY_", frozen=True, extra="ignore")

    database: DatabaseUrl | None = Field(
        default=None, description="as the stage that writes it has it; without: no pages of faxes"
    )
