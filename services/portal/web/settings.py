"""Settings of the Manager Portal, from `NATIVEFAX_PORTAL_…`. Secrets print as stars."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services._runtime.database_url import DatabaseUrl


class PortalSettings(BaseSettings):
    """Where the portal's database is, how long a sign-in lasts, and who signs in first."""

    model_config = SettingsConfigDict(
        env_prefix="NATIVEFAX_PORTAL_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    database: DatabaseUrl | None = Field(
        default=None,
        description="sqlite:///path or postgresql://user:password@host/database, its own; without: only link pages",
    )
    idle_minutes: int = Field(default=60, ge=1, description="a session ends after that long without a page")
    session_hours: int = Field(default=12, ge=1, description="a session ends after that long in any case")
    first_email: str = Field(default="reseller@localhost.example", description="who signs in first")
    first_password: SecretStr | None = Field(
        default=None, min_length=12, description="of the first sign-in, made when there is none; without: none is made"
    )
    first_token_sha256: str | None = Field(
        default=None, pattern="^[0-9a-f]{64}$", description="of a token that acts as the first sign-in, to begin with"
    )
    first_reseller: str = Field(default="reseller", description="the reseller of the first sign-in")
    documents_per_hour: int = Field(default=500, ge=1, description="that one person may open or keep")
    documents_per_day: int = Field(default=3000, ge=1, description="that one person may open or keep")
    sample: bool = Field(default=False, description="an empty database begins with a sample customer, to try it out")


def served_plainly(url: str | None) -> bool:
    """Whether the portal's own address is plain HTTP, which is for one machine only: cookies can't be Secure then."""
    return (url or "").startswith("http://")
