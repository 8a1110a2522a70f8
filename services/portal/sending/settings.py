"""Where the HTTP API is, and the portal's own token for it."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SendingSettings(BaseSettings):
    """Both are needed to send faxes from the portal."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_", env_ignore_empty=True, frozen=True, extra="ignore")

    api_url: str | None = Field(default=None, description="of the HTTP API")
    portal_api_token: SecretStr | None = Field(
        default=None, description="a service token of the HTTP API with the scope faxes:send"
    )
